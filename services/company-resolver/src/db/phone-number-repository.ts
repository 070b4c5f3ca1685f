import type { CompanyId } from '@frontdesk/contracts'
import type { Database, Transaction } from '@frontdesk/database'
import { and, asc, eq, gt } from 'drizzle-orm'
import type { IdPage, PhoneNumberStore } from '../app/ports.ts'
import type { DirectoryChange } from '../domain/directory-change.ts'
import type { PhoneNumber } from '../domain/phone-number.ts'
import type { Signal } from '../domain/signal.ts'
import { changeDirectory } from './change-directory.ts'
import { insertSignal } from './insert-signal.ts'
import type { Journal } from './journal.ts'
import { toPhoneNumber, toPhoneNumberRow, toSignal } from './mapping.ts'
import { phoneNumbers } from './schema/phone-numbers.ts'
import { signals } from './schema/signals.ts'

/** Makes the repository of one company's phone numbers, each with the signal that was derived from it. */
export function createPhoneNumberRepository(database: Database, journal: Journal, companyId: CompanyId): PhoneNumberStore {
  const ownNumber = (phoneNumberId: string) => and(eq(phoneNumbers.companyId, companyId), eq(phoneNumbers.phoneNumberId, phoneNumberId))

  async function find(tx: Transaction, phoneNumberId: string): Promise<PhoneNumber | undefined> {
    const [row] = await tx.orm.select().from(phoneNumbers).where(ownNumber(phoneNumberId))
    return row && toPhoneNumber(row)
  }

  async function end(tx: Transaction, before: PhoneNumber, after: PhoneNumber): Promise<DirectoryChange[]> {
    const validUntil = after.validUntil ?? null
    const itsSignal = and(eq(signals.companyId, companyId), eq(signals.phoneNumberId, before.id))
    const [row] = await tx.orm.select().from(signals).where(itsSignal)
    await tx.orm.update(phoneNumbers).set({ validUntil }).where(ownNumber(before.id))
    await tx.orm.update(signals).set({ validUntil }).where(itsSignal)
    const signal = row && toSignal(row)
    return [
      { kind: 'phone_number', before, after },
      ...(signal ? [{ kind: 'signal', before: signal, after: { ...signal, validUntil: after.validUntil } } as const] : []),
    ]
  }

  return {
    async insert(phoneNumber, signal, by) {
      await changeDirectory(database, async (tx) => journal.record(tx, by, await insert(tx, phoneNumber, signal)))
    },

    async change(phoneNumberId, change, by) {
      return changeDirectory(database, async (tx) => {
        const before = await find(tx, phoneNumberId)
        if (!before) return undefined
        const after = change(before)
        if (after !== before) await journal.record(tx, by, await end(tx, before, after))
        return after
      })
    },

    async port(phoneNumberId, port, by) {
      return changeDirectory(database, async (tx) => {
        const before = await find(tx, phoneNumberId)
        if (!before) return undefined
        const porting = port(before)
        const ended = await end(tx, before, porting.ended)
        await journal.record(tx, by, [...ended, ...(await insert(tx, porting.ported, porting.signal))])
        return porting
      })
    },

    async list(page) {
      const rows = await phoneNumbersAfter(database.orm, companyId, page)
      return rows.map(toPhoneNumber)
    },
  }
}

async function insert(tx: Transaction, phoneNumber: PhoneNumber, signal: Signal): Promise<DirectoryChange[]> {
  await tx.orm.insert(phoneNumbers).values(toPhoneNumberRow(phoneNumber))
  await insertSignal(tx, signal)
  return [
    { kind: 'phone_number', before: undefined, after: phoneNumber },
    { kind: 'signal', before: undefined, after: signal },
  ]
}

export function phoneNumbersAfter(orm: Database['orm'], companyId: CompanyId, { after, limit }: IdPage) {
  return orm
    .select()
    .from(phoneNumbers)
    .where(and(eq(phoneNumbers.companyId, companyId), gt(phoneNumbers.phoneNumberId, after)))
    .orderBy(asc(phoneNumbers.phoneNumberId))
    .limit(limit)
}
