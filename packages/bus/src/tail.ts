import { setTimeout as pause } from 'node:timers/promises'
import type { StreamSpec } from '@frontdesk/contracts'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager, JsMsg } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { linkOf } from './bus.ts'
import { decodeEnvelope } from './envelope.ts'
import { headers as noHeaders } from '@nats-io/nats-core'
import type { Session } from './link.ts'
import type { EventEnvelope } from './messages.ts'

/** What of a stream is looked at. */
export interface TailSource {
  readonly stream: StreamSpec['name']
  /** Filters that match no subject twice; the broker refuses others. */
  readonly subjects: readonly string[]
}

/** A message as it passes by. */
export interface TailedMessage {
  readonly stream: StreamSpec['name']
  readonly subject: string
  /** When the broker stored it, by its clock. */
  readonly storedAt: Date
  readonly body: Uint8Array
  /** The event's, or why it is none that this version can read. */
  readonly envelope: EventEnvelope | Error
}

/** How a tail begins and ends. */
export interface TailOptions {
  readonly sources: readonly TailSource[]
  /** Also what was stored since then; only what comes from now on when left out. */
  readonly since?: Date
  readonly signal: AbortSignal
  /** Called once, when nothing that is published from now on will be missed. */
  readonly onReady?: () => void
}

const pauseMs = 250

/**
 * Shows messages as they come, without a durable and without a word to the broker of what was seen; through lost connections too.
 * A source's messages come in their order, and the next only when the callback is done. Comes back when the signal ends it.
 * @throws FrontdeskError `unavailable` without a broker, JetStreamApiError without the stream, or what the callback throws.
 */
export async function tail(bus: Bus, options: TailOptions, onMessage: (message: TailedMessage) => Promise<void> | void): Promise<void> {
  const failing = new AbortController()
  const signal = AbortSignal.any([options.signal, failing.signal])
  // Rejects with `unavailable` where there is no broker, before anything waits for one for ever.
  await bus.manager()
  const waiting = new Set(options.sources)
  const ready = (source: TailSource) => {
    if (waiting.delete(source) && waiting.size === 0) options.onReady?.()
  }
  let failure: { readonly error: unknown } | undefined
  const handle = async (message: TailedMessage) => {
    try {
      await onMessage(message)
    } catch (error) {
      failure ??= { error }
      failing.abort()
    }
  }
  const tails = options.sources.map((source) => tailSource(bus, source, options.since, signal, () => ready(source), handle))
  try {
    await Promise.all(tails)
  } finally {
    failing.abort()
    await Promise.allSettled(tails)
  }
  if (failure) throw failure.error
}

async function tailSource(
  bus: Bus,
  source: TailSource,
  since: Date | undefined,
  signal: AbortSignal,
  onReady: () => void,
  handle: (message: TailedMessage) => Promise<void>,
): Promise<void> {
  const link = linkOf(bus)
  let place: Place | undefined
  let wasReady = false
  const begun = (at: Place) => {
    place = at
    wasReady = true
    onReady()
  }
  while (!signal.aborted) {
    const session = await link.nextSession(signal).catch(() => undefined)
    if (!session) return
    try {
      for await (const message of messages(session, source, { since, place }, signal, begun)) {
        if (place) place = { created: place.created, after: { sequence: message.seq, storedAt: message.time }, since: message.time }
        await handle(tailed(source.stream, message))
        if (signal.aborted) return
      }
    } catch (error) {
      // At first a missing stream is a mistake; later the broker lost its data, and somebody will make it anew.
      if (!wasReady && !session.lost.aborted && !signal.aborted) throw error
    }
    await pause(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Where a tail goes on in the next session. */
interface Place {
  /** The stream's; another one tells that sequences mean something else. */
  readonly created: string
  /** The message that was the last of it; without one the time alone counts. */
  readonly after?: { readonly sequence: number; readonly storedAt: Date }
  /** By the broker's clock; what was stored before has been seen, or was not to be. */
  readonly since: Date
}

/** What comes in one session, from where the one before ended. */
async function* messages(
  { connection, lost }: Session,
  { stream, subjects }: TailSource,
  from: { since: Date | undefined; place: Place | undefined },
  signal: AbortSignal,
  onBegun: (place: Place) => void,
): AsyncGenerator<JsMsg> {
  const over = AbortSignal.any([lost, signal])
  const manager = await jetstreamManager(connection, { checkAPI: false })
  const place = await placeIn(manager, stream, from)
  const start = place.after ? { opt_start_seq: place.after.sequence + 1 } : { opt_start_time: place.since.toISOString() }
  const consumer = await jetstream(connection).consumers.get(stream, { filter_subjects: [...subjects], ...start })
  if (over.aborted) return
  const arriving = await consumer.consume()
  const stop = () => arriving.stop()
  over.addEventListener('abort', stop)
  onBegun(place)
  try {
    yield* arriving
  } finally {
    over.removeEventListener('abort', stop)
    arriving.stop()
    // Else the broker keeps it for some minutes.
    if (!lost.aborted) await consumer.delete().catch(() => undefined)
  }
}

/** By number and not by "new": what comes while the broker is away, or before an ordered consumer begins again, would be missed. */
async function placeIn(
  manager: JetStreamManager,
  stream: string,
  { since, place }: { since: Date | undefined; place: Place | undefined },
): Promise<Place> {
  const { state, created, ts } = await manager.streams.info(stream)
  if (place?.after && place.created === created && (await isHeld(manager, stream, state.last_seq, place.after))) return place
  // A stream that was made anew, or lost its end, counts again from where it stands; the time tells what is new of it.
  if (place) return { created, since: place.since }
  if (since) return { created, since }
  return {
    created,
    after: { sequence: state.last_seq, storedAt: new Date(state.last_ts) },
    since: ts === undefined ? new Date() : new Date(ts),
  }
}

/** Whether nothing else stands at the sequence; what left the stream at its front was there. */
async function isHeld(
  manager: JetStreamManager,
  stream: string,
  lastSequence: number,
  { sequence, storedAt }: NonNullable<Place['after']>,
): Promise<boolean> {
  if (sequence > lastSequence) return false
  const message = sequence > 0 ? await manager.streams.getMessage(stream, { seq: sequence }) : null
  return message === null || message.time.getTime() === storedAt.getTime()
}

function tailed(stream: StreamSpec['name'], message: JsMsg): TailedMessage {
  return { stream, subject: message.subject, storedAt: message.time, body: message.data, envelope: envelopeOf(message) }
}

function envelopeOf(message: JsMsg): EventEnvelope | Error {
  try {
    return decodeEnvelope(message.headers ?? noHeaders())
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
