import { setTimeout as pause } from 'node:timers/promises'
import { connectBus, ensureDurable } from '@frontdesk/bus'
import type { Bus, Consumption, Credentials, ReceivedEvent } from '@frontdesk/bus'
import { streams } from '@frontdesk/contracts'
import type { EventType } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createTelemetry } from '@frontdesk/telemetry'
import type { Telemetry } from '@frontdesk/telemetry'
import { durablesOf } from './durables.ts'
import type { FrontdeskEvent } from './event.ts'
import type { Gap } from './gap.ts'
import { createGapCheck } from './gap-check.ts'
import { createHandler } from './handler.ts'
import type { Lane, SubscriberStore } from './store.ts'

/** What to subscribe to, as whom, and what to do. */
export interface SubscriberOptions<Type extends EventType, Tx> {
  /** One URL or several with commas between: `nats://user:password@host:4222`. */
  readonly servers: string
  /** Where the URL has no user and password. */
  readonly credentials?: Credentials
  /** The JetStream domain of the account that has the streams: `frontdesk` for a subscriber with an account of its own. */
  readonly domain?: string
  /** A company's id, or `all` where the broker's permissions allow it. */
  readonly company: string
  readonly types: readonly Type[]
  /** The subscriber's name, for ever: its durables, its inbox and its reply subjects bear it. */
  readonly name: string
  readonly store: SubscriberStore<Tx>
  /** Writes the event's effect with `tx` alone. A throw undoes it, and it is tried again, eight times for an error that says nothing. */
  readonly handle: (tx: Tx, event: FrontdeskEvent<Type>) => Promise<void>
  /** Is told what the stream has forgotten or lost. */
  readonly onGap?: (gap: Gap) => void
  /** How often each lane is compared with its stream, in ms (60 000); besides, with each new connection. */
  readonly gapCheckMs?: number
  /** Logs to stdout, and metrics to be scraped from `telemetry.metrics`, where left out. */
  readonly telemetry?: Telemetry
  readonly clock?: () => Date
}

/** A running subscriber; disposing finishes and settles what is in hand. */
export interface Subscriber extends AsyncDisposable {
  readonly telemetry: Telemetry
  /** Resolves once both lanes are consumed. @throws FrontdeskError `failed_precondition` if a durable of its name means something else. */
  ready(): Promise<void>
  /** Compares both lanes with their stream now. @throws FrontdeskError `unavailable` without a broker; what the store throws. */
  checkGaps(): Promise<Gap[]>
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && (error.name === 'PermissionViolationError' || isRefusal(error.cause))
}

const retryMs = 2_000
const spreadMs = 1_000
const lanes = ['live', 'bulk'] as const satisfies readonly Lane[]
const maxAgeMs = streams.find(({ name }) => name === 'COMPANY')?.maxAgeMs ?? 0

/** Consumes events, each with exactly one effect in its store; returns at once and connects for ever. @throws FrontdeskError `invalid_argument`. */
export function createSubscriber<Type extends EventType, Tx>(options: SubscriberOptions<Type, Tx>): Subscriber {
  const { servers, credentials, domain, company, types, name, store, gapCheckMs = 60_000, clock = () => new Date() } = options
  const durables = durablesOf(name, company, types)
  const telemetry = options.telemetry ?? createTelemetry({ service: name })
  const logger = telemetry.logger.child({ component: 'subscriber', inbox: name })
  const bus = connectBus({ servers, name, telemetry, ...(credentials && { credentials }), ...(domain !== undefined && { domain }) })
  const handler = createHandler({ inbox: name, types, store, handle: options.handle, telemetry })
  const checks = lanes.map((lane) => createGapCheck({ bus, inbox: name, lane, durable: durables[lane], maxAgeMs, store, telemetry, clock }))
  const consumptions: Consumption[] = []
  const stopping = new AbortController()

  /** The connection over which deliveries come now, or came last. */
  let session: AbortSignal | undefined

  async function handleLane(index: number, events: ReceivedEvent[]) {
    const deliveredOver = session
    const settlements = await handler.handle(events)
    checks[index]?.note(
      events.filter((_, at) => settlements[at]?.kind === 'ack'),
      deliveredOver,
    )
    return settlements
  }

  async function followSessions(): Promise<void> {
    while (!stopping.signal.aborted) {
      const current = await bus.session(stopping.signal)
      session = current
      if (!current.aborted) await new Promise((resolve) => current.addEventListener('abort', resolve, { once: true }))
    }
  }

  async function start(): Promise<void> {
    await untilThere(bus, async () => {
      await Promise.all(lanes.map((lane) => ensureDurable(bus, durables[lane])))
    })
    for (const [index, lane] of lanes.entries()) {
      consumptions.push(
        bus.consume({
          stream: durables[lane].stream,
          durable: durables[lane].name,
          handle: (events) => handleLane(index, events),
          onUndecodable: (message) => handler.keepUndecodable(message),
          unknownTypes: 'skip',
        }),
      )
    }
  }

  /** Tries until it works; only a durable that means something else, or the end, is final. */
  async function untilThere(on: Bus, step: () => Promise<void>): Promise<void> {
    for (;;) {
      await on.connected()
      try {
        return await step()
      } catch (error) {
        if (stopping.signal.aborted || isFrontdeskError(error, 'failed_precondition')) throw error
        logger.warn({ err: error }, 'the durables could not be set up; trying again')
      }
      await pause(retryMs, undefined, { signal: stopping.signal })
    }
  }

  async function checkGaps(): Promise<Gap[]> {
    const looks = await Promise.allSettled(checks.map((check) => check.look()))
    const gaps = looks.flatMap((look) => (look.status === 'fulfilled' && look.value ? [look.value] : []))
    // One lane's gap is mended and will not be found again, whatever became of the other's look.
    for (const gap of gaps) options.onGap?.(gap)
    for (const look of looks) if (look.status === 'rejected') throw look.reason
    return gaps
  }

  async function watch(): Promise<void> {
    await started
    const refused = new AbortController()
    while (!stopping.signal.aborted && !refused.signal.aborted) {
      // A broker that is back may have lost its end, and what was seen before is the witness: it is looked at now.
      const current = await bus.session(stopping.signal)
      // Replicas that came back together do not look together.
      await pause(Math.random() * spreadMs, undefined, { signal: stopping.signal })
      let untilNextMs = gapCheckMs * (0.9 + Math.random() * 0.2)
      await checkGaps().catch((error: unknown) => {
        if (isRefusal(error)) {
          logger.warn('the broker does not let us look for gaps: that is left to who made our durables')
          refused.abort()
        } else if (!stopping.signal.aborted) {
          // A broker that has just started may be too slow to answer: its loss is not to wait for the next time.
          untilNextMs = Math.min(untilNextMs, retryMs)
          logger.warn({ err: error }, 'could not compare with the stream; trying again')
        }
      })
      const over = AbortSignal.any([stopping.signal, current])
      await pause(untilNextMs, undefined, { signal: over }).catch(() => undefined)
    }
  }

  const following = followSessions().catch(() => undefined)
  const started = start()
  const watching = watch().catch((error: unknown) => {
    if (!stopping.signal.aborted) logger.error({ err: error }, 'the subscriber does not consume')
  })

  return {
    telemetry,
    ready: () => started,
    checkGaps,
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await Promise.all(consumptions.map((consumption) => consumption[Symbol.asyncDispose]()))
      await bus[Symbol.asyncDispose]()
      await Promise.all([watching, following])
      if (!options.telemetry) await telemetry[Symbol.asyncDispose]()
    },
  }
}
