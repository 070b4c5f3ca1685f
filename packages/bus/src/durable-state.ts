import type { DurableSpec } from '@frontdesk/contracts'
import type { JetStreamManager } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { differencesOf, durableConfig, isTolerable } from './desired-config.ts'
import { undefinedIfMissing } from './not-found.ts'
import { filterPattern } from './subjects.ts'

/** How far a durable of ours has come, next to its stream. */
export interface DurableState {
  /** The stream sequence up to which all is settled, as the durable believes. */
  readonly ackFloor: number
  /** The highest stream sequence that it believes to have delivered. */
  readonly delivered: number
  readonly lastSequence: number
  /** Whether it takes the subject. */
  readonly takes: (subject: string) => boolean
}

/** A durable as the broker has it; `missing` if it has none, `different` if it has not the meaning that the contracts give it. */
export async function inspectDurable(bus: Bus, spec: DurableSpec): Promise<DurableState | 'missing' | 'different'> {
  return (await undefinedIfMissing(stateOf(await bus.manager(), spec))) ?? 'missing'
}

async function stateOf(manager: JetStreamManager, spec: DurableSpec): Promise<DurableState | 'different'> {
  // The durable first: its stream, asked later, can only be further.
  const { config, ack_floor: ackFloor, delivered } = await manager.consumers.info(spec.stream, spec.name)
  if (!differencesOf(config, durableConfig(spec)).every(isTolerable)) return 'different'
  const { state } = await manager.streams.info(spec.stream)
  const patterns = spec.filterSubjects.map(filterPattern)
  return {
    ackFloor: ackFloor.stream_seq,
    delivered: delivered.stream_seq,
    lastSequence: state.last_seq,
    takes: (subject) => patterns.some((pattern) => pattern.test(subject)),
  }
}
