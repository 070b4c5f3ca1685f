import type { CompanyId } from '@frontdesk/contracts'
import { freeStarts, type TimeSpan } from '../domain/free-times.ts'
import type { CalendarReader } from './ports.ts'

/** In which window of which company so long an appointment is looked for. */
export interface FreeTimesQuery {
  readonly companyId: CompanyId
  readonly window: TimeSpan
  readonly durationMs: number
}

export interface ListFreeTimesDependencies {
  readonly calendars: (companyId: CompanyId) => CalendarReader
  readonly now: () => Date
}

/** Starts that are free as the calendar stands; nothing is held. */
export function listFreeTimes(deps: ListFreeTimesDependencies): (query: FreeTimesQuery) => Promise<Date[]> {
  return async ({ companyId, window, durationMs }) => {
    const inTheWay = await deps.calendars(companyId).overlapping(window)
    const taken = inTheWay.flatMap(({ state }) => (state.status === 'confirmed' ? [state] : []))
    return freeStarts(window, durationMs, taken, deps.now())
  }
}
