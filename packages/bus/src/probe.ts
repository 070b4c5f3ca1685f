import { randomUUID } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import type { ConsumerConfig } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { linkOf } from './bus.ts'
import { deliveryOf } from './delivery.ts'
import type { OwnDurable } from './durables.ts'
import { undefinedIfMissing } from './not-found.ts'

/** A message that a stream still has. */
export interface Retained {
  readonly sequence: bigint
  /** Its `ce-id`. */
  readonly eventId: string
  readonly storedAt: Date
}

/** Looks into a stream through a durable's own filter, so that it takes no right that consuming does not. */
export interface Probe {
  /** The first message that the durable's filter matches and the stream still has, at the sequence or behind it. */
  firstFrom(sequence: bigint): Promise<Retained | undefined>
  /** How far the durable has settled without a gap, and whether nothing waits for it; undefined if there is no such durable. */
  progress(): Promise<{ readonly settledTo: bigint; readonly idle: boolean } | undefined>
}

const nanosecondsPerMs = 1_000_000
const answerTimeoutMs = 2_000
/** The broker forgets a probe that died before it cleared up. */
const inactiveMs = 10_000

/** A probe of the durable's filter; its consumer is called `<durable>-probe` and lives for one look. */
export function createProbe(bus: Bus, { stream, name, filterSubjects }: OwnDurable): Probe {
  const probe = `${name}-probe`

  return {
    async firstFrom(sequence) {
      const manager = await bus.manager()
      const [only, ...others] = filterSubjects
      const config: Partial<ConsumerConfig> = {
        durable_name: probe,
        // Another replica's probe of the same name is never taken for this one.
        description: randomUUID(),
        ack_policy: 'none',
        mem_storage: true,
        inactive_threshold: inactiveMs * nanosecondsPerMs,
        ...(others.length === 0 && only !== undefined ? { filter_subject: only } : { filter_subjects: [...filterSubjects] }),
        ...(sequence > 1n ? { deliver_policy: 'by_start_sequence', opt_start_seq: Number(sequence) } : { deliver_policy: 'all' }),
      }
      await undefinedIfMissing(manager.consumers.delete(stream, probe))
      const { created } = await manager.consumers.add(stream, config)
      try {
        const found = await first(stream, probe)
        const now = await undefinedIfMissing(manager.consumers.info(stream, probe))
        if (now?.created !== created) throw new FrontdeskError('unavailable', { publicMessage: 'Another replica looked at the same time.' })
        return found
      } finally {
        await undefinedIfMissing(manager.consumers.delete(stream, probe)).catch(() => undefined)
      }
    },
    async progress() {
      const manager = await bus.manager()
      const info = await undefinedIfMissing(manager.consumers.info(stream, name))
      if (!info) return undefined
      return { settledTo: BigInt(info.ack_floor.stream_seq), idle: info.num_pending === 0 && info.num_ack_pending === 0 }
    },
  }

  async function first(stream: string, consumer: string): Promise<Retained | undefined> {
    const link = linkOf(bus)
    const { connection, lost } = await link.nextSession(AbortSignal.timeout(5_000))
    const order = JSON.stringify({ batch: 1, no_wait: true })
    // A delivery bears the subject of its stream, by which the client's shared reply subscription would not find the request.
    const answer = connection.request(`${link.apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`, order, {
      timeout: answerTimeoutMs,
      noMux: true,
    })
    const message = await unlessLost(answer, lost)
    const delivery = deliveryOf(message)
    if (!delivery) return undefined
    return { sequence: delivery.streamSequence, eventId: message.headers?.get('ce-id') ?? '', storedAt: delivery.storedAt }
  }
}

/** The client never settles a request of its own subscription whose connection is closed. @throws the signal's reason. */
async function unlessLost<T>(answer: Promise<T>, lost: AbortSignal): Promise<T> {
  const ended = Promise.withResolvers<never>()
  const end = () => ended.reject(lost.reason)
  lost.addEventListener('abort', end)
  if (lost.aborted) end()
  try {
    // Both have somebody who hears of their failure from here on, whichever is the first.
    return await Promise.race([answer, ended.promise])
  } finally {
    lost.removeEventListener('abort', end)
  }
}
