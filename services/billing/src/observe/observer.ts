import type { Telemetry } from '@frontdesk/telemetry'
import type { Observer } from '../app/ports.ts'

/** Counts what happens in the background, and logs what a person may have to look at; no names, no addresses. */
export function createObserver({ logger, metrics }: Telemetry): Observer {
  const usage = metrics.counter('billing_usage_total', 'Uses by kind, and whether they were recorded, amended or ignored.', [
    'kind',
    'change',
  ])
  const fetches = metrics.counter('billing_refetches_total', 'Fetches of Stripe’s objects by type and outcome.', ['type', 'outcome'])
  const reports = metrics.counter('billing_meter_reports_total', 'Reports to Stripe’s meters by kind and outcome.', ['kind', 'outcome'])
  const refusals = metrics.counter('billing_meter_refusals_total', 'Reports that Stripe’s meters could not count afterwards, by reason.', [
    'code',
  ])
  // A counter's first increment from nothing is none to Prometheus.
  for (const code of [...refusalCodes, 'other']) refusals.inc({ code }, 0)
  return {
    usageCounted: (kind, change) => usage.inc({ kind, change }),

    fetched({ companyId, type, id, customerId }, outcome) {
      fetches.inc({ type, outcome })
      // Before the account has a customer, everything is.
      if (outcome === 'foreign' && customerId !== undefined)
        logger.warn({ companyId, type, id }, 'an event named an object of another customer, which was ignored')
      if (outcome === 'missing') logger.info({ companyId, type, id }, 'Stripe knows the object no longer')
    },

    fetchFailed({ companyId, type, id, attempts }, err, delayMs) {
      fetches.inc({ type, outcome: 'failed' })
      logger.warn({ err, companyId, type, id, attempts, delayMs }, 'an object could not be mirrored, and is tried again')
    },

    reported({ companyId, usageId, kind, usedAt, number }, { clamped, perhapsTwice }) {
      reports.inc({ kind, outcome: outcomeOf(clamped, perhapsTwice) })
      if (perhapsTwice) {
        logger.error(
          { companyId, usageId, number },
          'a report was tried again after a day, and counts twice if Stripe had it: a person has to look',
        )
      }
      if (clamped) logger.warn({ companyId, usageId, usedAt }, 'usage was reported for another time, since the meter does not take its own')
    },

    reportFailed({ companyId, usageId, kind, attempts }, err, delayMs) {
      reports.inc({ kind, outcome: 'failed' })
      logger.warn({ err, companyId, usageId, attempts, delayMs }, 'usage could not be reported, and is tried again')
    },

    overReported({ companyId, usageId, kind, quantity, reported: told }) {
      reports.inc({ kind, outcome: 'over_reported' })
      logger.error({ companyId, usageId, quantity, reported: told }, 'the meter was told more than was used: a person has to adjust it')
    },

    meterFailed({ providerEventId, meterId, code, errors, identifiers }) {
      refusals.inc({ code: refusalCodes.has(code) ? code : 'other' }, errors)
      const fields = { providerEventId, meterId, code, errors, named: identifiers.length }
      logger.error(fields, 'Stripe could not count usage that was reported to it')
      if (errors > identifiers.length) {
        logger.error(
          { ...fields, unnamed: errors - identifiers.length },
          'Stripe does not name all of the usage that it could not count: a person has to compare the meter with what was reported',
        )
      }
    },

    reportRefused(report) {
      if (report.outcome === 'taken_back') {
        const { record, number, quantity, dueAt } = report
        const { companyId, usageId, kind } = record
        reports.inc({ kind, outcome: 'refused' })
        const next = dueAt ? 'and is made once more' : 'and nothing of it is left to report'
        logger.warn({ companyId, usageId, number, quantity, dueAt }, `a report that Stripe refused was taken back, ${next}`)
        return
      }
      const { outcome, identifier, record } = report
      const fields = { identifier: identifier.slice(0, 100), companyId: record?.companyId, outcome }
      if (outcome === 'known') logger.info(fields, 'a report that Stripe refused was taken back before')
      else
        logger.error(
          fields,
          'a report that Stripe refused can not be taken back by itself: a person has to compare the record with the meter',
        )
    },
  }
}

/** Those that Stripe has told of so far. */
const refusalCodes: ReadonlySet<string> = new Set([
  'archived_meter',
  'meter_event_customer_not_found',
  'meter_event_dimension_count_too_high',
  'meter_event_invalid_value',
  'meter_event_no_customer_defined',
  'meter_event_value_too_many_digits',
  'missing_dimension_payload_keys',
  'no_meter',
  'timestamp_in_future',
  'timestamp_too_far_in_past',
])

function outcomeOf(clamped: boolean, perhapsTwice: boolean): string {
  if (perhapsTwice) return 'perhaps_twice'
  return clamped ? 'clamped' : 'reported'
}
