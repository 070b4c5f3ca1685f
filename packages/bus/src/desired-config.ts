import type { DurableSpec, StreamSpec } from '@frontdesk/contracts'
import type { ConsumerConfig, StreamConfig } from '@nats-io/jetstream'

/** One setting in which the broker differs from what the contracts want. */
export interface Difference {
  readonly field: string
  readonly found: unknown
  readonly wanted: unknown
}

const nanosecondsPerMs = 1_000_000

/** The settings of a stream that we care for, as the broker writes them; the others stay as an operator set them. */
export function streamConfig(spec: StreamSpec) {
  return {
    name: spec.name,
    subjects: [...spec.subjects],
    retention: 'limits',
    storage: 'file',
    // With `new`, a stream full of acked messages would refuse live traffic for good.
    discard: 'old',
    max_age: spec.maxAgeMs * nanosecondsPerMs,
    max_bytes: spec.maxBytes,
    duplicate_window: spec.duplicateWindowMs * nanosecondsPerMs,
    allow_direct: true,
  } as const satisfies Partial<StreamConfig>
}

/** The settings of a durable that we care for, as the broker writes them. */
export function durableConfig(spec: Omit<DurableSpec, 'service'>) {
  return {
    durable_name: spec.name,
    filter_subjects: [...spec.filterSubjects],
    ack_policy: 'explicit',
    deliver_policy: 'all',
    replay_policy: 'instant',
    ack_wait: spec.ackWaitMs * nanosecondsPerMs,
    max_ack_pending: spec.maxAckPending,
    // The broker's own dead-lettering loses messages: the application decides what is dead.
    max_deliver: -1,
  } as const satisfies Partial<ConsumerConfig>
}

/** What the broker can't change in place. */
const fixedFields: ReadonlySet<string> = new Set([
  'retention',
  'storage',
  'ack_policy',
  'deliver_policy',
  'replay_policy',
  'deliver_subject',
])

/** What a service can live with: it changes how much is kept or how fast it flows, not what it means. */
const tunableFields: ReadonlySet<string> = new Set([
  'max_age',
  'max_bytes',
  'duplicate_window',
  'allow_direct',
  'ack_wait',
  'max_ack_pending',
  'replay_policy',
])

/** Whether a difference can be repaired without making the stream or durable anew. */
export function isUpdatable({ field }: Difference): boolean {
  return !fixedFields.has(field)
}

/** Whether a service can work in spite of the difference. */
export function isTolerable({ field }: Difference): boolean {
  return tunableFields.has(field)
}

/** Where the found settings differ from the wanted ones. */
export function differencesOf(
  found: Partial<StreamConfig> | Partial<ConsumerConfig>,
  wanted: Partial<StreamConfig> | Partial<ConsumerConfig>,
) {
  const actual = normalized(found)
  const differences: Difference[] = Object.entries(normalized(wanted))
    .map(([field, value]) => ({ field, found: actual[field], wanted: value }))
    .filter((difference) => JSON.stringify(difference.found) !== JSON.stringify(difference.wanted))
  // A push consumer hands its messages to whoever listens; nothing could be pulled from it.
  if (actual['deliver_subject'] !== undefined) {
    differences.push({ field: 'deliver_subject', found: actual['deliver_subject'], wanted: undefined })
  }
  return differences
}

/** The broker writes one filter in another field than several, and keeps no order among subjects. */
function normalized(config: Partial<StreamConfig> | Partial<ConsumerConfig>): Record<string, unknown> {
  const { filter_subject: filter, filter_subjects: filters, subjects, ...rest } = config as Record<string, unknown>
  return {
    ...rest,
    ...(Array.isArray(subjects) && { subjects: sorted(subjects) }),
    ...((filter !== undefined || filters !== undefined) && { filter_subjects: sorted(Array.isArray(filters) ? filters : [filter]) }),
  }
}

function sorted(values: unknown[]): string[] {
  return values.map(String).toSorted((a, b) => (a < b ? -1 : 1))
}
