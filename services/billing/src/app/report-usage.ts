import { mayCountTwice, meterTime, reportIdentifier } from '../domain/meter-report.ts'
import type { Observer, PaymentProvider, ReportQueue, UsageReport } from './ports.ts'
import { waitAfter } from './wait-after.ts'

export interface ReportUsageDependencies {
  readonly queue: ReportQueue
  readonly provider: Pick<PaymentProvider, 'report'>
  readonly observer: Pick<Observer, 'reported' | 'reportFailed'>
  readonly now: () => Date
  readonly random: () => number
}

const backoff = { firstMs: 500, longestMs: 15 * 60_000 }

/** Tells a meter of one use; what fails waits alone, longer each time, for it is on disk. Never throws. */
export function reportUsage({ queue, provider, observer, now, random }: ReportUsageDependencies) {
  return async (report: UsageReport): Promise<void> => {
    try {
      const { customerId, usageId, number, kind, quantity } = report
      const perhapsTwice = mayCountTwice(report, now())
      const { at, clamped } = meterTime(report.usedAt, now())
      await provider.report({ identifier: reportIdentifier(usageId, number), kind, customerId, quantity, at })
      await queue.settle(report)
      observer.reported(report, { clamped, perhapsTwice })
    } catch (error) {
      const delayMs = waitAfter(error, report.attempts, backoff, random)
      observer.reportFailed(report, error, delayMs)
      // Where this fails too, the claim runs out.
      await queue.retryLater(report, delayMs).catch(() => undefined)
    }
  }
}
