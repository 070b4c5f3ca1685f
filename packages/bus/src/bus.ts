import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import { jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamManager } from '@nats-io/jetstream'
import { startConsumption } from './consumption.ts'
import type { ConsumeOptions } from './consume-options.ts'
import type { Consumption } from './consumption.ts'
import { type ListenOptions, startListening } from './listen.ts'
import type { Credentials } from './credentials.ts'
import { openLink } from './link.ts'
import type { BusStatus, Link } from './link.ts'
import type { OutgoingMessage, PublishOutcome } from './messages.ts'
import { createPublisher } from './publisher.ts'

/** How a process reaches the broker. */
export interface BusOptions {
  /** One URL or several with commas between, `nats://user:password@host:port`. */
  servers: string
  /** What the connection is called on the broker's side; its reply subjects begin with `_INBOX_<name>`. */
  name: string
  telemetry: Telemetry
  /** Who we are to the broker, where the URL has no user and password. */
  credentials?: Credentials
  /** The JetStream domain of the account that has the streams, where that is not ours: `importedDomain`. */
  domain?: string
  /** How long a published message waits for its ack (5 s). */
  publishTimeoutMs?: number
  /** How many published messages may wait for their acks at once (512). */
  maxInFlight?: number
}

/** The connection of a process to NATS JetStream. Disposing finishes what is in hand: batches, then acks, then the connection. */
export interface Bus extends AsyncDisposable {
  status(): BusStatus
  /** Resolves once connected to a compatible broker; rejects with `unavailable` if the bus is closed before. */
  connected(): Promise<void>
  /**
   * The connection there is or the next one, as the signal that aborts when it breaks.
   * @throws FrontdeskError `unavailable` if the bus is closed, or the given signal's reason.
   */
  session(signal?: AbortSignal): Promise<AbortSignal>
  /**
   * One outcome for each message, in their order; never throws. The caller bounds how many it hands over. With `during`,
   * a signal of `session()`, nothing of it is sent over a later connection.
   */
  publish(messages: readonly OutgoingMessage[], options?: { readonly during?: AbortSignal }): Promise<PublishOutcome[]>
  consume(options: ConsumeOptions): Consumption
  /**
   * Hears what is published from now on, in every process that listens, at most once each: for hints that are looked up
   * now and then all the same. What has to be handled is consumed.
   */
  listen(options: ListenOptions): AsyncDisposable
  /** The broker's management interface. @throws FrontdeskError `unavailable` unless connected within the time (5 s). */
  manager(options?: { timeoutMs?: number }): Promise<JetStreamManager>
}

const links = new WeakMap<Bus, Link>()

/** The connection under a bus, for what else of this package follows it. @throws TypeError if `connectBus` did not make the bus. */
export function linkOf(bus: Bus): Link {
  const link = links.get(bus)
  if (!link) throw new TypeError('not a bus of connectBus()')
  return link
}

/** A bus that connects and reconnects for ever in the background; returns at once. @throws TypeError if the servers are no URLs. */
export function connectBus({ servers, name, telemetry, credentials, domain, publishTimeoutMs, maxInFlight }: BusOptions): Bus {
  const link = openLink({ servers, name, telemetry, credentials, domain })
  const publisher = createPublisher(link, telemetry, { timeoutMs: publishTimeoutMs, maxInFlight })
  const consumptions = new Set<Consumption>()

  const bus: Bus = {
    status: () => link.status(),
    async connected() {
      await link.nextSession()
    },
    session: async (signal) => (await link.nextSession(signal)).lost,
    publish: (messages, options) => publisher.publish(messages, options),
    consume(options) {
      const consumption = startConsumption(link, telemetry, options)
      consumptions.add(consumption)
      return {
        async [Symbol.asyncDispose]() {
          await consumption[Symbol.asyncDispose]()
          consumptions.delete(consumption)
        },
      }
    },
    listen: (options) => startListening(link, telemetry, options),
    async manager({ timeoutMs = 5_000 } = {}) {
      const inTime = AbortSignal.timeout(timeoutMs)
      const session = await link.nextSession(inTime).catch((cause: unknown) => {
        throw new FrontdeskError('unavailable', { publicMessage: `No connection to the broker (${link.status()}).`, cause })
      })
      return jetstreamManager(session.connection, { apiPrefix: link.apiPrefix, checkAPI: false, timeout: timeoutMs })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...consumptions].map((consumption) => consumption[Symbol.asyncDispose]()))
      await publisher[Symbol.asyncDispose]()
      await link[Symbol.asyncDispose]()
    },
  }
  links.set(bus, link)
  return bus
}
