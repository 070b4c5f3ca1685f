import type { Audit } from './ports.ts'

/** What the audit is written with. */
interface Sinks {
  readonly log: (fields: Record<string, unknown>, message: string) => void
  readonly count: (labels: { event: string; outcome: string }) => void
}

/** One line and one count for whatever happens to an account; never what somebody typed. */
export function createAudit({ log, count }: Sinks): Audit {
  return {
    record(event, outcome, details) {
      count({ event, outcome })
      log({ event, outcome, ...details }, `${event} ${outcome}`)
    },
  }
}
