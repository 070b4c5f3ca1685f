import { randomUUID } from 'node:crypto'
import { LedgerServiceDefinition, type ReprocessedEvent, ReprocessMode } from '@frontdesk/contracts'
import type { CliContext } from './context.ts'
import { type RpcFlags, withService } from './rpc.ts'

const idsOfOneCall = 100

/** Has the webhook-ingress send events as they are once more, as their next revisions: the resolver decides them anew. */
export async function sendNextRevisions(
  context: CliContext,
  { token }: RpcFlags,
  eventIds: readonly string[],
  runId: string = randomUUID(),
): Promise<ReprocessedEvent[]> {
  return withService(
    context,
    'webhook-ingress',
    LedgerServiceDefinition,
    { token },
    async (ledger) => {
      const sent: ReprocessedEvent[] = []
      for (let start = 0; start < eventIds.length; start += idsOfOneCall) {
        // One after the other, so that what is refused stops what comes after it.
        const part = { eventIds: eventIds.slice(start, start + idsOfOneCall), mode: ReprocessMode.AS_PUBLISHED, runId }
        sent.push(...(await ledger.reprocessEvents(part)).events)
      }
      return sent
    },
    // Within its run an event is sent once.
    ['reprocessEvents'],
  )
}
