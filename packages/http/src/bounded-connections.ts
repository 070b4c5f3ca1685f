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

/**
 * Bounds connections and the bytes of their bodies. What gives way is the connection that we have waited for longest: it
 * sends slowly or is idle, while an honest request is whole within milliseconds. So whoever holds connections open keeps
 * nobody out, and no address has to be known for it. @see README, decisions
 */
export function boundConnections(app: FastifyInstance, telemetry: Telemetry, bounds: Bounds): void {
  const { maxConnections = 4_096, heldBytesLimit = 64 * mib } = bounds
  const dropped = telemetry.metrics.counter(
    'http_connections_dropped_total',
    'Connections closed while we waited for their bytes, because there were too many (connections) or they held too much (bytes).',
    ['reason'],
  )
  // By socket, how many bytes it had sent before its present request. `waiting` is in the order of how long we have waited.
  const waiting = new Map<Socket, number>()
  const answering = new Map<Socket, number>()
  let isFull = false

  function drop(socket: Socket, reason: 'connections' | 'bytes'): void {
    waiting.delete(socket)
    socket.destroy()
    dropped.inc({ reason })
  }

  app.server.on('connection', (socket) => {
    waiting.set(socket, 0)
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
    const before = waiting.get(socket)
    if (before !== undefined && waiting.delete(socket)) answering.set(socket, before)
    done()
  })
  app.addHook('onResponse', ({ raw: { socket } }, _reply, done) => {
    waiting.delete(socket)
    answering.delete(socket)
    if (!socket.destroyed) waiting.set(socket, socket.bytesRead)
    done()
  })

  /** Now and then instead of with each chunk: between two looks comes no more than the network brings. */
  function weigh(): void {
    let held = heldBy(answering) + heldBy(waiting)
    for (const [socket, before] of waiting) {
      if (held <= heldBytesLimit) break
      const own = socket.bytesRead - before
      if (own === 0) continue
      held -= own
      drop(socket, 'bytes')
    }
    isFull = held > heldBytesLimit
  }
  const weighing = setInterval(weigh, weighIntervalMs).unref()
  app.addHook('onClose', (_app, done) => {
    clearInterval(weighing)
    done()
  })
}

function heldBy(sockets: ReadonlyMap<Socket, number>): number {
  let bytes = 0
  for (const [socket, before] of sockets) bytes += socket.bytesRead - before
  return bytes
}

function tooFull(): FrontdeskError {
  return new FrontdeskError('unavailable', { publicMessage: 'Too much is under way here. Send it again.', retryAfterMs: 1_000 })
}
