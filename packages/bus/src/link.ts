import { setTimeout as pause } from 'node:timers/promises'
import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import type { NatsConnection } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { isCompatibleServer, oldestServer } from './server-version.ts'
import { authenticatorOf } from './credentials.ts'
import type { Credentials } from './credentials.ts'
import { parseServers } from './servers.ts'

/** `incompatible`: there is a broker, but it is older than 2.10; looked at again at every reconnect. */
export type BusStatus = 'connecting' | 'connected' | 'incompatible' | 'closed'

/** One unbroken connection to a compatible broker. */
export interface Session {
  readonly connection: NatsConnection
  /** Aborted when this connection breaks; the next one is another session. */
  readonly lost: AbortSignal
}

/** A connection that comes back for ever, as a row of sessions. */
export interface Link extends AsyncDisposable {
  /** What every reply subject of this process begins with, so that a user of the broker may be given that alone. */
  readonly inboxPrefix: string
  /** What the subjects of JetStream's requests begin with. */
  readonly apiPrefix: string
  status(): BusStatus
  session(): Session | undefined
  /** The session there is or the next one. @throws FrontdeskError `unavailable` if the link is closed, or the signal's reason. */
  nextSession(signal?: AbortSignal): Promise<Session>
}

const shortestPauseMs = 100
const longestPauseMs = 2_000
const dialTimeoutMs = 3_000
const closeTimeoutMs = 2_000
/**
 * The client writes what it is given in one turn of the event loop together, but no more than so many bytes at once, by default 32 KB: a
 * batch would be several writes, each of which wakes the broker, and that takes our core. Its types leave the option out.
 */
const writes = { pendingLimit: 1024 * 1024 }

/** How to reach the broker, and as whom. */
export interface LinkOptions {
  servers: string
  name: string
  telemetry: Telemetry
  credentials?: Credentials | undefined
  domain?: string | undefined
}

/** The prefix of the reply subjects of a process with that name, one token. */
export function inboxPrefixOf(name: string): string {
  return `_INBOX_${name.replaceAll(/[^\w-]/g, '_')}`
}

/** Connects in the background and for ever: a client that gave up is replaced by a new one. @throws TypeError if the servers are no URLs. */
export function openLink({ servers, name, telemetry, credentials, domain }: LinkOptions): Link {
  const inboxPrefix = inboxPrefixOf(name)
  const logger = telemetry.logger.child({ component: 'bus' })
  const up = telemetry.metrics.gauge('bus_connected', 'Whether there is a connection to a compatible broker (1) or not (0).')
  const target = parseServers(servers)
  const authenticator = authenticatorOf(credentials)
  const stopping = new AbortController()
  const waiting = new Set<PromiseWithResolvers<Session>>()
  let status: BusStatus = 'connecting'
  let current: { session: Session; lost: AbortController } | undefined
  let connection: NatsConnection | undefined

  function opened(on: NatsConnection): void {
    ended('connecting')
    if (stopping.signal.aborted) return
    const version = on.info?.version ?? 'unknown'
    if (!isCompatibleServer(version)) {
      status = 'incompatible'
      logger.error({ version, oldest: oldestServer }, 'the broker is too old: nothing is published or consumed until it is replaced')
      return
    }
    const lost = new AbortController()
    const session = { connection: on, lost: lost.signal }
    current = { session, lost }
    status = 'connected'
    up.set(1)
    logger.info({ version, server: on.getServer() }, 'connected to the broker')
    for (const waiter of waiting) waiter.resolve(session)
    waiting.clear()
  }

  function ended(next: BusStatus): void {
    status = stopping.signal.aborted ? 'closed' : next
    up.set(0)
    const before = current
    current = undefined
    before?.lost.abort(new FrontdeskError('unavailable', { publicMessage: 'The connection to the broker was lost.' }))
  }

  /** Follows one client until it is closed for good. */
  async function follow(client: NatsConnection): Promise<void> {
    opened(client)
    for await (const event of client.status()) {
      if (event.type === 'disconnect') {
        ended('connecting')
        if (!stopping.signal.aborted) logger.warn('lost the connection to the broker; reconnecting')
      } else if (event.type === 'reconnect') opened(client)
      else if (event.type === 'error') logger.warn({ err: event.error }, 'the broker reports an error')
    }
    const reason = await client.closed()
    ended('connecting')
    if (!stopping.signal.aborted) logger.error({ err: reason }, 'the broker client closed for good; starting another')
  }

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; failures++) {
      try {
        connection = await connect({
          ...target,
          ...(authenticator && { authenticator }),
          name,
          inboxPrefix,
          timeout: dialTimeoutMs,
          maxReconnectAttempts: -1,
          reconnectTimeWait: shortestPauseMs,
          reconnectJitter: shortestPauseMs,
          pingInterval: 5_000,
          maxPingOut: 2,
          noAsyncTraces: true,
          ...writes,
        })
        failures = 0
        if (stopping.signal.aborted) await connection.close()
        else await follow(connection)
      } catch (error) {
        // A broker may be away for hours: one line at first, then one in about a minute.
        if (failures % 30 === 0) logger.warn({ err: error, failures: failures + 1 }, 'no connection to the broker; trying for ever')
      }
      await pause(Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(failures, 10)), undefined, { signal: stopping.signal }).catch(
        () => undefined,
      )
    }
  }

  const running = run()

  function closed(): FrontdeskError {
    return new FrontdeskError('unavailable', { publicMessage: 'The bus is closed.' })
  }

  return {
    inboxPrefix,
    apiPrefix: domain === undefined ? '$JS.API' : `$JS.${domain}.API`,
    status: () => status,
    session: () => current?.session,
    async nextSession(signal) {
      signal?.throwIfAborted()
      if (status === 'closed') throw closed()
      if (current) return current.session
      const waiter = Promise.withResolvers<Session>()
      const abort = () => waiter.reject(signal?.reason)
      waiting.add(waiter)
      signal?.addEventListener('abort', abort)
      try {
        return await waiter.promise
      } finally {
        waiting.delete(waiter)
        signal?.removeEventListener('abort', abort)
      }
    },
    async [Symbol.asyncDispose]() {
      if (status === 'closed') return
      stopping.abort()
      // Flushing waits for an answer, which only comes while there is a connection.
      const flushed = current?.session.connection.flush().catch(() => undefined)
      if (flushed) await Promise.race([flushed, pause(closeTimeoutMs, undefined, { ref: false })])
      ended('closed')
      for (const waiter of waiting) waiter.reject(closed())
      waiting.clear()
      await connection?.close()
      await running
    },
  }
}
