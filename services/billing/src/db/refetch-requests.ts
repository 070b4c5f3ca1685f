import type { CompanyId, EventId } from '@frontdesk/contracts'
import { insertedValues, type Transaction } from '@frontdesk/database'
import { eq, sql } from 'drizzle-orm'
import type { RefetchRequests } from '../app/ports.ts'
import type { ProviderObject } from '../domain/subscription.ts'
import { refetches } from './schema/refetches.ts'

type Request = ProviderObject & { readonly companyId: CompanyId; readonly eventId: EventId | undefined }

/** Requests in one transaction, after whose commit the worker is woken. */
export function createRefetchRequests(tx: Transaction, now: Date, wake: () => void): RefetchRequests {
  return {
    async request(objects) {
      if (objects.length === 0) return
      await requestRefetches(tx, objects, now)
      tx.afterCommit(wake)
    },
  }
}

const keyOf = ({ companyId, type, id }: Request) => `${companyId} ${type} ${id}`

/** Raises the wanted version of each object, once however often it is named, in one statement. */
export async function requestRefetches({ orm }: Transaction, requests: readonly Request[], now: Date): Promise<void> {
  // The last one of an object counts, and all in the order of the key: two transactions wait for each other and don't deadlock.
  const byKey = new Map(requests.map((request) => [keyOf(request), request]))
  const rows = [...byKey.keys()].toSorted().flatMap((key) => byKey.get(key) ?? [])
  await orm
    .insert(refetches)
    .values(
      rows.map(({ companyId, type, id, eventId }) => ({
        companyId,
        objectType: type,
        objectId: id,
        requestedVersion: 1,
        fetchedVersion: 0,
        eventId: eventId ?? null,
        requestedAt: now,
        nextAttemptAt: now,
        attempts: 0,
      })),
    )
    .onDuplicateKeyUpdate({
      set: {
        requestedVersion: sql`${refetches.requestedVersion} + 1`,
        eventId: sql`coalesce(values(event_id), ${refetches.eventId})`,
        ...whereNothingWaits(insertedValues({ requestedAt: refetches.requestedAt, nextAttemptAt: refetches.nextAttemptAt })),
      },
    })
}

/** Has everything fetched again that was ever asked for: what was nobody's may be this company's now. */
export async function requestAgain({ orm }: Transaction, companyId: CompanyId, now: Date): Promise<void> {
  const instants = { requestedAt: sql.param(now, refetches.requestedAt), nextAttemptAt: sql.param(now, refetches.nextAttemptAt) }
  await orm
    .update(refetches)
    .set({
      requestedVersion: sql`${refetches.requestedVersion} + 1`,
      ...whereNothingWaits({ requestedAt: sql`${instants.requestedAt}`, nextAttemptAt: sql`${instants.nextAttemptAt}` }),
    })
    .where(eq(refetches.companyId, companyId))
}

/** A fetch under way, or one that backs off, keeps its time: when it is done it sees that more is wanted. */
function whereNothingWaits(instants: Record<'requestedAt' | 'nextAttemptAt', ReturnType<typeof sql>>) {
  return {
    requestedAt: sql`coalesce(${refetches.requestedAt}, ${instants.requestedAt})`,
    nextAttemptAt: sql`coalesce(${refetches.nextAttemptAt}, ${instants.nextAttemptAt})`,
  }
}
