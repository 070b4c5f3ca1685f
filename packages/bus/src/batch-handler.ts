import type { Telemetry } from '@frontdesk/telemetry'
import { headers as newHeaders } from '@nats-io/nats-core'
import type { Msg } from '@nats-io/nats-core'
import type { ConsumeOptions } from './consume-options.ts'
import { answerBody, deliveryOf } from './delivery.ts'
import type { Answer } from './delivery.ts'
import { decodeEnvelopeOn, UnknownTypeError } from './envelope.ts'
import type { Link } from './link.ts'
import type { ReceivedEvent, UndecodableMessage } from './messages.ts'
import { longestDelayMs, settle } from './settlement.ts'
import type { Settlement } from './settlement.ts'

/** Handles batches of delivered messages and answers each delivery, after its settlement and never before. */
export interface BatchHandler {
  process(messages: readonly Msg[]): Promise<void>
  /** Tells the broker that the batch in hand, and these, are not lost. */
  stillWorking(waiting: readonly Msg[]): void
  /** Has undone deliveries made again at once, to whoever is there. */
  giveBack(messages: readonly Msg[]): void
}

/** A delivery and what to answer on it; the kind is for the metric. */
interface Verdict {
  readonly message: Msg
  readonly answer: Answer
  readonly kind: 'ack' | 'retry' | 'dead_letter' | 'undecodable' | 'unknown_type'
}

/** More types than a new version ever brings; each gets a line once. */
const loggedTypesLimit = 100

/** The steps of one batch: decode, handle, settle. */
export function createBatchHandler(link: Link, telemetry: Telemetry, options: ConsumeOptions, stop: AbortSignal): BatchHandler {
  const { stream, durable, handle, onUndecodable, unknownTypes = 'wait' } = options
  const logger = telemetry.logger.child({ component: 'bus', stream, durable })
  const consumed = telemetry.metrics.counter('bus_consumed_total', 'Messages delivered to us.', ['stream', 'durable'])
  const settled = telemetry.metrics.counter('bus_settlements_total', 'Messages settled, by how.', ['stream', 'durable', 'kind'])
  const loggedTypes = new Set<string>()
  let inHand: readonly Msg[] = []

  function answer(message: Msg, body: Answer): void {
    const connection = link.session()?.connection
    if (connection && !connection.isClosed() && message.reply) connection.publish(message.reply, answerBody(body))
  }

  async function handleEvents(deliveries: readonly (readonly [Msg, ReceivedEvent])[]): Promise<Verdict[]> {
    if (deliveries.length === 0) return []
    const events = deliveries.map(([, event]) => event)
    let settlements: Settlement[]
    try {
      settlements = await handle(events)
      if (settlements.length !== events.length) throw new Error(`${settlements.length} settlements for ${events.length} events`)
    } catch (error) {
      logger.error({ err: error, events: events.length }, 'a batch could not be handled; its events are retried')
      settlements = events.map((event) => retryAfter(error, event.deliveryCount))
    }
    return deliveries.map(([message], index) => verdictOf(message, settlements[index] ?? retryAfter(undefined, 1)))
  }

  /** Accepted by a newer version, and for a newer version to handle: while this one is being replaced, it waits. */
  function leaveToNewer(message: Msg, type: string, { subject, streamSequence }: UndecodableMessage): Verdict {
    if (!loggedTypes.has(type) && loggedTypes.size < loggedTypesLimit) {
      loggedTypes.add(type)
      const line = { eventType: type, subject, streamSequence: String(streamSequence), retryMs: longestDelayMs }
      logger.warn(line, 'events of a type that this version does not know wait for a newer one; if there is none, deploy it')
    }
    return { message, answer: { kind: 'nak', delayMs: longestDelayMs }, kind: 'unknown_type' }
  }

  async function settleUndecodable(message: Msg, undecodable: UndecodableMessage): Promise<Verdict> {
    const { error, subject, deliveryCount, streamSequence } = undecodable
    if (error instanceof UnknownTypeError && unknownTypes === 'skip') return { message, answer: { kind: 'ack' }, kind: 'unknown_type' }
    if (error instanceof UnknownTypeError) return leaveToNewer(message, error.type, undecodable)
    const fate = onUndecodable ? 'it is put aside' : 'it is dropped'
    logger.error({ err: error, subject, streamSequence: String(streamSequence) }, `a message is no event of ours; ${fate}`)
    try {
      await onUndecodable?.(undecodable)
      return { message, answer: { kind: 'term' }, kind: 'undecodable' }
    } catch (failure) {
      logger.error({ err: failure, subject }, 'an unreadable message could not be kept; it is delivered again')
      return verdictOf(message, retryAfter(failure, deliveryCount))
    }
  }

  return {
    async process(messages) {
      if (messages.length === 0) return
      inHand = messages
      consumed.inc({ stream, durable }, messages.length)
      const events: [Msg, ReceivedEvent][] = []
      const verdicts: Promise<Verdict>[] = []
      for (const message of messages) {
        const decoded = decode(message, stream)
        if (decoded && 'error' in decoded) verdicts.push(settleUndecodable(message, decoded))
        else if (decoded) events.push([message, decoded])
      }
      const all = [...(await handleEvents(events)), ...(await Promise.all(verdicts))]
      // Their acks hold over a reconnect; without them, all of it would come again after the durable's ack wait.
      if (!link.session()) await link.nextSession(stop).catch(() => undefined)
      for (const verdict of all) {
        answer(verdict.message, verdict.answer)
        settled.inc({ stream, durable, kind: verdict.kind })
      }
      inHand = []
    },
    stillWorking(waiting) {
      for (const message of [...inHand, ...waiting]) answer(message, { kind: 'working' })
    },
    giveBack(messages) {
      for (const message of messages) answer(message, { kind: 'nak', delayMs: 0 })
    },
  }
}

/** The event of a delivery, or what there is without one; undefined if the broker did not send it from a stream. */
function decode(message: Msg, stream: string): ReceivedEvent | UndecodableMessage | undefined {
  const delivery = deliveryOf(message)
  if (!delivery) return undefined
  const { subject, data: body } = message
  const headers = message.headers ?? newHeaders()
  const { count: deliveryCount, streamSequence } = delivery
  try {
    return { envelope: decodeEnvelopeOn(subject, headers), subject, body, deliveryCount, streamSequence }
  } catch (cause) {
    const error = cause instanceof Error ? cause : new Error(String(cause))
    return { stream, subject, headers: Object.fromEntries(headers), body, deliveryCount, streamSequence, error }
  }
}

function verdictOf(message: Msg, settlement: Settlement): Verdict {
  if (settlement.kind === 'retry') return { message, answer: { kind: 'nak', delayMs: settlement.delayMs }, kind: 'retry' }
  return { message, answer: { kind: 'ack' }, kind: settlement.kind === 'ack' ? 'ack' : 'dead_letter' }
}

/** Never a dead letter: nobody has committed one. */
function retryAfter(error: unknown, attempt: number): Settlement {
  const failure = error instanceof Error ? error : new Error(String(error))
  const settlement = settle({ kind: 'failed', error: failure }, attempt)
  return settlement.kind === 'retry' ? settlement : { kind: 'retry', delayMs: longestDelayMs }
}
