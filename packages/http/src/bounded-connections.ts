import type { Socket } from 'node:net'
import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FastifyInstance } from 'fastify'

interface Bounds {
  readonly maxConnections?: number
  readonly heldBytesLimit?: number
}

const mib = 1024 * 1024
const weighIntervalMs = 100

/** What a socket has sent of its present request, and since when we wait for the rest. */
interface Sending {
  /** What it had sent before. */
  readonly bytesBefore: number
  readonly sinceMs: number
}

/**
 * Bounds connections and the bytes of their bodies. What gives way is the connection that we have waited for longest,
 * or for most bytes: it sends slowly or is idle, while an honest request is whole within milliseconds. So whoever holds
 * connections open keeps nobody out, and no address has to be known for it. @see README, decisions
 */
export function boundConnections(app: FastifyInstance, telemetry: Telemetry, bounds: Bounds): void {
  const { maxConnections = 4_096, heldBytesLimit = 64 * mib } = bounds
  const dropped = telemetry.metrics.counter(
    'http_connections_dropped_total',
    'Connections closed while we waited for their bytes, because there were too many (connections) or they held too much (bytes).',
    ['reason'],
  )
  // In the order of how long we have waited.
  const waiting = new Map<Socket, Sending>()
  const answering = new Map<Socket, Sending>()
  let isFull = false

  function drop(socket: Socket, reason: 'connections' | 'bytes'): void {
    waiting.delete(socket)
    socket.destroy()
    dropped.inc({ reason })
  }

  app.server.on('connection', (socket) => {
    waiting.set(socket, { bytesBefore: 0, sinceMs: performance.now() })
    socket.once('close', () => {
      waiting.delete(socket)
      answering.delete(socket)
    })
    const [longest] = waiting.keys()
    // When all others are being answered this is the new one itself.
    if (waiting.size + answering.size > maxConnections && longest) drop(longest, 'connections')
  })
  app.addHook('onRequest', (_request, _reply, done) => done(isFull ? tooFull() : undefined))
  app.addHook('preValidation', ({ raw: { socket } }, _reply, done) => {
    const sending = waiting.get(socket)
    if (sending && waiting.delete(socket)) answering.set(socket, sending)
    done()
  })
  app.addHook('onResponse', ({ raw: { socket } }, reply, done) => {
    waiting.delete(socket)
    answering.delete(socket)
    // What comes after the last answer of a connection is read and dropped, not held.
    const bytesBefore = reply.getHeader('connection') === 'close' ? Number.POSITIVE_INFINITY : socket.bytesRead
    if (!socket.destroyed) waiting.set(socket, { bytesBefore, sinceMs: performance.now() })
    done()
  })

  /** Now and then instead of with each chunk: between two looks comes no more than the network brings. */
  function weigh(): void {
    let held = heldBy(answering) + heldBy(waiting)
    if (held > heldBytesLimit) {
      for (const socket of dearestFirst(waiting)) {
        if (held <= heldBytesLimit) break
        held -= bytesOf(socket, waiting.get(socket))
        drop(socket, 'bytes')
      }
    }
    isFull = held > heldBytesLimit
  }
  const weighing = setInterval(weigh, weighIntervalMs).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(weighing)
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

/** By bytes times the time they were held: a large body that comes in quickly is cheaper than a smaller one that stalls. */
function dearestFirst(sockets: ReadonlyMap<Socket, Sending>): Socket[] {
  const nowMs = performance.now()
  const priced = [...sockets].map(([socket, sending]) => ({ socket, price: bytesOf(socket, sending) * (nowMs - sending.sinceMs) }))
  return priced.toSorted((a, b) => b.price - a.price).map(({ socket }) => socket)
}

function tooFull(): FrontdeskError {
  return new FrontdeskError('unavailable', { publicMessage: 'Too much is under way here. Send it again.', retryAfterMs: 1_000 })
}
