import type { EventId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { LedgerFilter, LedgerReader, Publication } from './ports.ts'
import type { AttributedEvents, ReplaySource } from './replay-ports.ts'

export interface CompanyRowsDependencies {
  readonly attributed: AttributedEvents
  readonly ledger: Pick<LedgerReader, 'newestMatching'>
  readonly source: Pick<ReplaySource<unknown>, 'rowsOf'>
}

/** More would be a request of minutes, and a row of megabytes. */
const eventsMax = 20_000
const eventsAtOnce = 500

/**
 * The outbox rows of a company's events, rising. Only the resolver knows whose an event is; an event counts if the decision is on
 * its newest revision.
 * @throws FrontdeskError failed_precondition if there are too many.
 */
export async function readCompanyRows(
  deps: CompanyRowsDependencies,
  companyId: string,
  filter: LedgerFilter & { readonly receivedFrom: Date },
): Promise<bigint[]> {
  const newest: Publication[] = []
  for await (const page of deps.attributed.of(companyId, filter, filter.receivedFrom)) {
    newest.push(...(await newestOf(deps, filter, page)))
    if (newest.length > eventsMax) {
      throw new FrontdeskError('failed_precondition', {
        publicMessage: `The company has more than ${eventsMax} events there. Narrow the window, or name their types.`,
      })
    }
  }
  const byTime = newest.toSorted((a, b) => a.at.getTime() - b.at.getTime())
  const ids: bigint[] = []
  for (let start = 0; start < byTime.length; start += eventsAtOnce) {
    // Neighbours in time, so that each look at the outbox is a short one.
    for (const { id } of await deps.source.rowsOf(byTime.slice(start, start + eventsAtOnce))) ids.push(id)
  }
  return ids.toSorted((a, b) => (a < b ? -1 : 1))
}

async function newestOf(
  { ledger }: CompanyRowsDependencies,
  filter: LedgerFilter,
  page: readonly { readonly eventId: EventId; readonly revision: number }[],
): Promise<Publication[]> {
  if (page.length === 0) return []
  const decided = new Set(page.map(({ eventId, revision }) => `${eventId}.${revision}`))
  const found = await ledger.newestMatching(
    filter,
    page.map(({ eventId }) => eventId),
  )
  return found.filter(({ eventId, revision }) => decided.has(`${eventId}.${revision}`))
}
