import type { Msg } from '@nats-io/nats-core'

/** What a delivered message's reply subject tells of its delivery. */
export interface Delivery {
  readonly streamSequence: bigint
  /** 1 at the first delivery. */
  readonly count: number
  /** When the broker stored it. */
  readonly storedAt: Date
  /** How many of the durable's messages stood behind it. */
  readonly pending: number
}

const encoder = new TextEncoder()
const fixedBodies = { ack: encoder.encode('+ACK'), working: encoder.encode('+WPI'), term: encoder.encode('+TERM') }
const nanosecondsPerMs = 1_000_000

/** The delivery of a message; undefined if the broker did not send it from a stream. */
export function deliveryOf(message: Msg): Delivery | undefined {
  const tokens = message.reply?.split('.') ?? []
  // $JS.ACK.<stream>.<durable>.<count>.<stream sequence>.…, or with the domain and the account before the stream.
  const first = tokens.length === 9 ? 4 : tokens.length >= 11 ? 6 : undefined
  if (first === undefined || tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined
  const [count, sequence, , storedAtNs, pending] = tokens.slice(first)
  if (!/^\d+$/.test(count ?? '') || !/^\d+$/.test(sequence ?? '') || !/^\d+$/.test(storedAtNs ?? '')) return undefined
  const storedAt = new Date(Number(BigInt(storedAtNs ?? '') / 1_000_000n))
  return { count: Number(count), streamSequence: BigInt(sequence ?? ''), storedAt, pending: Number(pending) || 0 }
}

/** What to answer on a delivery: done with it, again after a while, still at it, or never again. */
export type Answer = { kind: 'ack' } | { kind: 'nak'; delayMs: number } | { kind: 'working' } | { kind: 'term' }

/** The answer as the broker reads it. */
export function answerBody(answer: Answer): Uint8Array {
  if (answer.kind !== 'nak') return fixedBodies[answer.kind]
  return encoder.encode(`-NAK {"delay":${Math.max(0, Math.round(answer.delayMs)) * nanosecondsPerMs}}`)
}
