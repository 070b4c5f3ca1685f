import { setTimeout as pause } from 'node:timers/promises'
import type { StreamSpec } from '@frontdesk/contracts'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { JsMsg } from '@nats-io/jetstream'
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
  let next: number | undefined
  let wasReady = false
  const ready = () => {
    wasReady = true
    onReady()
  }
  while (!signal.aborted) {
    const session = await link.nextSession(signal).catch(() => undefined)
    if (!session) return
    try {
      for await (const message of messages(session, source, { since, next }, signal, ready)) {
        next = message.seq + 1
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

/** What comes in one session, from where the one before ended. */
async function* messages(
  { connection, lost }: Session,
  { stream, subjects }: TailSource,
  from: { since: Date | undefined; next: number | undefined },
  signal: AbortSignal,
  onReady: () => void,
): AsyncGenerator<JsMsg> {
  const over = AbortSignal.any([lost, signal])
  const manager = await jetstreamManager(connection, { checkAPI: false })
  const { state } = await manager.streams.info(stream)
  const end = state.last_seq + 1
  // By number and not by "new": an ordered consumer that has to begin again would miss what came meanwhile. A stream
  // that ends before what we saw was made anew, and nothing of it was seen.
  const next = from.next === undefined ? end : from.next > end ? 1 : from.next
  const start = from.next === undefined && from.since ? { opt_start_time: from.since.toISOString() } : { opt_start_seq: next }
  const consumer = await jetstream(connection).consumers.get(stream, { filter_subjects: [...subjects], ...start })
  if (over.aborted) return
  const arriving = await consumer.consume()
  const stop = () => arriving.stop()
  over.addEventListener('abort', stop)
  onReady()
  try {
    yield* arriving
  } finally {
    over.removeEventListener('abort', stop)
    arriving.stop()
    // Else the broker keeps it for some minutes.
    if (!lost.aborted) await consumer.delete().catch(() => undefined)
  }
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
