import { type Database, withDatabaseLock } from '@frontdesk/database'
import { lt } from 'drizzle-orm'
import { attempts } from './schema/attempts.ts'
import { invitations } from './schema/invitations.ts'
import { sessions } from './schema/sessions.ts'
import { signingKeys } from './schema/signing-keys.ts'

const dayMs = 24 * 60 * 60 * 1_000
/** Ended sessions stay for whoever asks when somebody was logged in. */
const keepSessionsMs = 90 * dayMs

/** Removes what is over, private keys among it; one replica at a time. */
export async function sweep(database: Database, now: Date): Promise<void> {
  await withDatabaseLock(
    database,
    'sweep',
    async () => {
      await database.orm.delete(attempts).where(lt(attempts.windowEndsAt, now))
      await database.orm.delete(invitations).where(lt(invitations.expiresAt, now))
      await database.orm.delete(sessions).where(lt(sessions.expiresAt, new Date(now.getTime() - keepSessionsMs)))
      await database.orm.delete(signingKeys).where(lt(signingKeys.verifiesUntil, now))
    },
    { waitMs: 0 },
  )
}
