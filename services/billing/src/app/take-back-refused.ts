import { FrontdeskError } from '@frontdesk/errors'
import { namedReport } from '../domain/meter-report.ts'
import { refusalOf } from '../domain/refused-report.ts'
import type { MeterError, MeterFailure, PaymentProvider, RefusedRecord, RefusedReport, RefusedReports } from './ports.ts'

export interface TakeBackRefusedDependencies {
  readonly provider: Pick<PaymentProvider, 'meterErrors'>
  readonly reports: RefusedReports
  readonly now: Date
}

/** What meters could not count, by reason, and what became of each report that is named. */
export interface Refusals {
  readonly errors: readonly (MeterFailure & MeterError)[]
  readonly reports: readonly RefusedReport[]
}

/** Asks the provider what its meters could not count, and takes back what they had been told of it, to be reported once more. */
export function takeBackRefused({ provider, reports, now }: TakeBackRefusedDependencies) {
  async function errorsOf(failure: MeterFailure): Promise<(MeterFailure & MeterError)[]> {
    const errors = await provider.meterErrors(failure.providerEventId)
    return errors.map((error) => ({ ...failure, ...error }))
  }

  return async (failures: readonly MeterFailure[]): Promise<Refusals> => {
    // Side by side and before a record is locked: as long as one call.
    const errors = (await Promise.all(failures.map(errorsOf))).flat()
    const identifiers = [...new Set(errors.flatMap((error) => error.identifiers))]
    const records = await reports.open(identifiers.flatMap((identifier) => namedReport(identifier)?.usageId ?? []))
    const byId = new Map(records.map((record) => [record.usageId, record]))
    const refused = identifiers.map((identifier) => refusedReport(identifier, byId, now))
    await reports.takeBack(refused.filter((report) => report.outcome === 'taken_back'))
    return { errors, reports: refused }
  }
}

/** @throws FrontdeskError `unavailable` while the report is being sent. */
function refusedReport(identifier: string, records: ReadonlyMap<string, RefusedRecord>, now: Date): RefusedReport {
  const named = namedReport(identifier)
  const record = named && records.get(named.usageId)
  if (!record) return { outcome: 'unknown', identifier, record: undefined }
  const refusal = refusalOf(record, named.number)
  switch (refusal.kind) {
    case 'under_way':
      throw new FrontdeskError('unavailable', { publicMessage: `The report ${identifier} was refused, and is still being sent.` })
    case 'taken_back': {
      const { quantity, reported, waitMs } = refusal
      const dueAt = waitMs === undefined ? undefined : new Date(now.getTime() + waitMs)
      return { outcome: 'taken_back', record, number: named.number, quantity, reported, dueAt }
    }
    default:
      return { outcome: refusal.kind, identifier, record }
  }
}
