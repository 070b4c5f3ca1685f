import type { ConsumerInfo, JetStreamManager, StoredMsg } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { isEnvelopeOn } from './envelope.ts'
import { undefinedIfMissing } from './not-found.ts'

/** What a stream holds, and how far its durables have come. */
export interface StreamContent {
  /** Of the oldest message that is left; one above the last where there is none. */
  readonly firstSequence: number
  /** How long it keeps a message; infinity if for ever. */
  readonly maxAgeMs: number
  /** Its durables that acknowledge what they take, by their names. */
  readonly durables: Readonly<Record<string, DurableProgress>>
}

/** How far a durable has come, as the broker says. */
export interface DurableProgress {
  /** The sequence up to which it has settled all that is its own, or which the stream has dropped. */
  readonly floor: number
  /** How many messages it has handed out. */
  readonly handedOut: number
  /** Whether somebody waits for its next message. */
  readonly awaited: boolean
  /** When it was made; another time tells that it was made anew. */
  readonly created: string
}

/** A message as it stands in a stream. */
export interface StoredMessage {
  readonly sequence: number
  readonly subject: string
  /** The `ce-id`; empty on what is no event. */
  readonly cloudEventId: string
  readonly type: string
  /** Whether it can be read as an event of ours, in this version or a later one. */
  readonly isEvent: boolean
  /** When the stream took it, by the broker's clock. */
  readonly storedAt: Date
}

const nanosecondsPerMs = 1_000_000

/** What the broker says of a stream and of all its durables, ours or not; undefined if it has no such stream. */
export async function readStream(bus: Bus, stream: string): Promise<StreamContent | undefined> {
  return undefinedIfMissing(contentOf(await bus.manager(), stream))
}

async function contentOf(manager: JetStreamManager, stream: string): Promise<StreamContent> {
  // The stream first: what a durable says later covers at least the stream as it was here.
  const { state, config } = await manager.streams.info(stream)
  const durables: Record<string, DurableProgress> = {}
  for await (const info of manager.consumers.list(stream)) {
    // What looks into the stream without acknowledging anything settles nothing.
    if (info.config.durable_name === undefined || info.config.ack_policy === 'none') continue
    durables[info.name] = {
      floor: floorOf(info, state.last_seq),
      handedOut: info.delivered.consumer_seq,
      awaited: info.num_waiting > 0 || info.push_bound,
      created: info.created,
    }
  }
  const maxAgeMs = config.max_age > 0 ? config.max_age / nanosecondsPerMs : Number.POSITIVE_INFINITY
  const firstSequence = state.messages === 0 ? state.last_seq + 1 : state.first_seq
  return { firstSequence, maxAgeMs, durables }
}

/** A durable's own floor stands at its last match; one that has nothing to do has settled the whole stream. */
function floorOf({ ack_floor: floor, num_pending: toDeliver, num_ack_pending: unsettled }: ConsumerInfo, lastSequence: number): number {
  return toDeliver === 0 && unsettled === 0 ? lastSequence : Math.min(floor.stream_seq, lastSequence)
}

/**
 * What stands at each of the sequences, undefined where nothing does. From the stream's leader, since a follower that
 * lags would not have what is there.
 * @throws Error if the broker does not answer.
 */
export async function readStored(bus: Bus, stream: string, sequences: readonly number[]): Promise<(StoredMessage | undefined)[]> {
  const manager = await bus.manager()
  const found: (StoredMessage | undefined)[] = []
  for (let start = 0; start < sequences.length; start += requestsAtOnce) {
    // As many at once as leaves the live traffic its share of the connection.
    found.push(...(await Promise.all(sequences.slice(start, start + requestsAtOnce).map((seq) => readOne(manager, stream, seq)))))
  }
  return found
}

const requestsAtOnce = 64

async function readOne(manager: JetStreamManager, stream: string, seq: number): Promise<StoredMessage | undefined> {
  if (seq < 1) return undefined
  const message: StoredMsg | null = await manager.streams.getMessage(stream, { seq })
  if (!message) return undefined
  return {
    sequence: seq,
    subject: message.subject,
    cloudEventId: message.header.get('ce-id'),
    type: message.header.get('ce-type'),
    isEvent: isEnvelopeOn(message.subject, message.header),
    storedAt: message.time,
  }
}
