import { checkSubscriberName } from '@frontdesk/bus'
import type { OwnDurable } from '@frontdesk/bus'
import { bulkSubject, everyCompanySubject, isCompanyId, isEventType } from '@frontdesk/contracts'
import type { EventType } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import type { Lane } from './store.ts'

const budgets = { live: { ackWaitMs: 30_000, maxAckPending: 1_000 }, bulk: { ackWaitMs: 60_000, maxAckPending: 250 } }

/**
 * A subscriber's two durables. One company's have a single filter, all of it unless there is one type, since a broker's
 * permissions see only a single one.
 * @throws FrontdeskError `invalid_argument` naming what can't be.
 */
export function durablesOf(name: string, company: string, types: readonly EventType[]): Record<Lane, OwnDurable> {
  checkSubscriberName(name)
  if (company !== 'all' && !isCompanyId(company)) throw invalidArgument('The company must be "all" or a company id (cmp_…).')
  const unknown = types.filter((type) => !isEventType(type))
  if (types.length === 0 || unknown.length > 0)
    throw invalidArgument(`The types must be event types of the catalogue; ${unknown[0] ?? 'none'} is not.`)
  const subjects = company === 'all' ? types.map(everyCompanySubject) : [companyFilter(company, types)]
  return {
    live: { stream: 'COMPANY', name, filterSubjects: subjects, ...budgets.live },
    bulk: { stream: 'COMPANY', name: `${name}-bulk`, filterSubjects: subjects.map(bulkSubject), ...budgets.bulk },
  }
}

function companyFilter(company: string, types: readonly EventType[]): string {
  const [only, ...others] = types
  return only !== undefined && others.length === 0 ? everyCompanySubject(only).replace('*', company) : `company.${company}.>`
}
