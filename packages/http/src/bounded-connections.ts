import type { Socket } from 'node:net'
import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FastifyInstance } from 'fastify'

interface Bounds {
  readonly maxConnections?: number
  readonly heldBytesLimit?: number
  readonly unreadTimeoutMs?: number
}

const mib = 1024 * 1024
const lookIntervalMs = 100

/** What a socket has sent of its present request, whether it is whole, and since when we have waited for it. */
interface Sending {
  /** What it had sent before. */
  bytesBefore: number
  sinceMs: number
  isWhole: boolean
}

interface Waiting {
  readonly socket: Socket
  readonly sinceMs: number
}

/** Beyond the cap each new connection takes another's place: not all of them are looked at for each. */
const foundAtOnce = 64

/**
 * Bounds connections and the bytes of their bodies. What gives way is the connection that does not read its answer, or
 * that we have waited for longest, or for most bytes: it is slow or idle, while an honest request is whole, and its answer
 * read, within milliseconds. So whoever holds connections open keeps nobody out, and no address has to be known for it.
 * @see README, decisions
 */
export function boundConnections(app: FastifyInstance, telemetry: Telemetry, bounds: Bounds): void {
  const { maxConnections = 4_096, heldBytesLimit = 64 * mib, unreadTimeoutMs = 10_000 } = bounds
  const dropped = telemetry.metrics.counter(
    'http_connections_dropped_total',
    'Connections closed while we waited for them: there were too many (connections), they held too much (bytes), or left their answer unread (unread).',
    ['reason'],
  )
  // No entry comes or goes with a request: a Map that is written to so often is made anew again and again.
  const connections = new Map<Socket, Sending>()
  // Since when an answer stands in our memory because the kernel takes no more of it, in the order of how long.
  const unread = new Map<Socket, number>()
  let slowest: Waiting[] = []
  let isFull = false

  /** What was found stays true: whoever began to be waited for since then is behind them. */
  function nextSlowest(): Socket | undefined {
    for (const isFresh of [false, true]) {
      if (isFresh) slowest = slowestFirst(connections).slice(0, foundAtOnce)
      for (let next = slowest.shift(); next; next = slowest.shift()) {
        const sending = connections.get(next.socket)
        if (sending && !sending.isWhole && sending.sinceMs === next.sinceMs) return next.socket
      }
    }
    return undefined
  }

  function forget(socket: Socket): void {
    connections.delete(socket)
    unread.delete(socket)
  }

  function drop(socket: Socket, reason: 'connections' | 'bytes' | 'unread'): void {
    forget(socket)
    socket.destroy()
    dropped.inc({ reason })
  }

  app.server.on('connection', (socket) => {
    connections.set(socket, { bytesBefore: 0, sinceMs: performance.now(), isWhole: false })
    socket.once('close', () => forget(socket))
    // Node keeps what it was asked for: a refusal of who has hung up names him all the same.
    void socket.remoteAddress
    if (connections.size <= maxConnections) return
    const [slowReader] = unread.keys()
    drop(slowReader ?? nextSlowest() ?? socket, 'connections')
  })
  app.addHook('onRequest', (_request, _reply, done) => done(isFull ? tooFull() : undefined))
  app.addHook('preValidation', ({ raw: { socket } }, _reply, done) => {
    const sending = connections.get(socket)
    if (sending) sending.isWhole = true
    done()
  })
  app.addHook('onResponse', ({ raw: { socket } }, reply, done) => {
    const sending = connections.get(socket)
    if (sending) {
      // What comes after the last answer of a connection is read and dropped, not held.
      sending.bytesBefore = reply.getHeader('connection') === 'close' ? Number.POSITIVE_INFINITY : socket.bytesRead
      sending.sinceMs = performance.now()
      sending.isWhole = false
    }
    done()
  })

  /** Now and then instead of with each chunk: between two looks comes no more than the network brings. */
  function look(): void {
    dropUnread()
    let held = heldBy(connections)
    if (held > heldBytesLimit) {
      for (const socket of dearestFirst(connections)) {
        if (held <= heldBytesLimit) break
        held -= bytesOf(socket, connections.get(socket))
        drop(socket, 'bytes')
      }
    }
    isFull = held > heldBytesLimit
  }

  /** Node's own limits end with the last byte that we get, so that a caller who never reads would stay for ever. */
  function dropUnread(): void {
    const nowMs = performance.now()
    for (const socket of connections.keys()) {
      if (socket.writableLength === 0) unread.delete(socket)
      else if (!unread.has(socket)) unread.set(socket, nowMs)
    }
    for (const [socket, sinceMs] of unread) if (nowMs - sinceMs >= unreadTimeoutMs) drop(socket, 'unread')
  }

  const looking = setInterval(look, lookIntervalMs).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(looking)
    done()
  })
}

function bytesOf(socket: Socket, sending: Sending | undefined): number {
  return sending ? Math.max(0, socket.bytesRead - sending.bytesBefore) : 0
}

function heldBy(sockets: ReadonlyMap<Socket, Sending>): number {
  let bytes = 0
  for (const [socket, sending] of sockets) bytes += bytesOf(socket, sending)
  return bytes
}

/** Who is waited for: all but those that are being answered. */
function sendersAmong(sockets: ReadonlyMap<Socket, Sending>): [Socket, Sending][] {
  return [...sockets].filter(([, { isWhole }]) => !isWhole)
}

/** The same, the longest first. */
function slowestFirst(sockets: ReadonlyMap<Socket, Sending>): Waiting[] {
  const senders = sendersAmong(sockets).map(([socket, { sinceMs }]) => ({ socket, sinceMs }))
  return senders.toSorted((a, b) => a.sinceMs - b.sinceMs)
}

/** By bytes times the time they were held: a large body that comes in quickly is cheaper than a smaller one that stalls. */
function dearestFirst(sockets: ReadonlyMap<Socket, Sending>): Socket[] {
  const nowMs = performance.now()
  const priced = sendersAmong(sockets).map(([socket, sending]) => ({ socket, price: bytesOf(socket, sending) * (nowMs - sending.sinceMs) }))
  return priced.toSorted((a, b) => b.price - a.price).map(({ socket }) => socket)
}

function tooFull(): FrontdeskError {
  return new FrontdeskError('unavailable', { publicMessage: 'Too much is under way here. Send it again.', retryAfterMs: 1_000 })
}
