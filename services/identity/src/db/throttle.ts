import { type Database, withTransaction } from '@frontdesk/database'
import { eq, sql } from 'drizzle-orm'
import type { Throttle } from '../app/ports.ts'
import { digestOf } from './digest.ts'
import { attempts } from './schema/attempts.ts'

/** Counts in the database, and so for all replicas together. */
export function createThrottle(database: Database, now: () => Date): Throttle {
  return {
    async count(scope, subject, { attempts: most, windowMs }) {
      const subjectDigest = digestOf(scope, subject)
      return withTransaction(database, async (tx) => {
        const at = now()
        const over = sql`${attempts.windowEndsAt} <= ${at}`
        await tx.orm
          .insert(attempts)
          .values({ subjectDigest, counted: 1, windowEndsAt: new Date(at.getTime() + windowMs) })
          // MySQL assigns from left to right, so the end that the count compares with has to change last.
          .onDuplicateKeyUpdate({
            set: {
              counted: sql`if(${over}, 1, ${attempts.counted} + 1)`,
              windowEndsAt: sql`if(${over}, values(window_ends_at), ${attempts.windowEndsAt})`,
            },
          })
        // Our own insert holds the row: what we read is our count.
        const [row] = await tx.orm.select().from(attempts).where(eq(attempts.subjectDigest, subjectDigest))
        if (!row || row.counted <= most) return 0
        return Math.max(1, row.windowEndsAt.getTime() - at.getTime())
      })
    },

    async forget(scope, subject) {
      await database.orm.delete(attempts).where(eq(attempts.subjectDigest, digestOf(scope, subject)))
    },
  }
}
