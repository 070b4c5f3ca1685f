import { type Database, isDuplicateKey, withTransaction } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { eq } from 'drizzle-orm'
import type { Senders } from '../app/ports.ts'
import { senders } from './schema/senders.ts'

/** The companies' numbers in the database. */
export function createSenderStore(database: Database, now: () => Date): Senders {
  return {
    async get(companyId) {
      const [row] = await database.orm.select().from(senders).where(eq(senders.companyId, companyId))
      if (!row) return undefined
      return {
        phoneNumberId: row.phoneNumberId,
        businessAccountId: row.businessAccountId,
        confirmationTemplate: row.templateName === null ? undefined : { name: row.templateName, language: row.templateLanguage ?? '' },
      }
    },

    async put(companyId, { confirmationTemplate: template, ...ids }) {
      const at = now()
      const row = {
        companyId,
        ...ids,
        templateName: template?.name ?? null,
        templateLanguage: template?.language ?? null,
        createdAt: at,
        updatedAt: at,
      }
      try {
        await withTransaction(database, async ({ orm }) => {
          const [known] = await orm
            .select({ companyId: senders.companyId })
            .from(senders)
            .where(eq(senders.companyId, companyId))
            .for('update')
          // An upsert would meet the unique number of another company and change that row instead.
          if (known) {
            const { companyId: _company, createdAt: _created, ...changed } = row
            await orm.update(senders).set(changed).where(eq(senders.companyId, companyId))
          } else {
            await orm.insert(senders).values(row)
          }
        })
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
        throw new FrontdeskError('already_exists', { publicMessage: 'phone_number_id: it is another company’s number.', cause: error })
      }
    },
  }
}
