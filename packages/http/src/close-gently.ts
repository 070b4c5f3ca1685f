import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'

const lingerMs = 500
const lingerBytes = 8 * 1024 * 1024
const lookIntervalMs = 20

/** Whether some of the body is still to come. */
export function isBodyUnread({ raw: { complete, headers } }: FastifyRequest): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

/**
 * Closes the connection after an answer that comes before the body's end, and lets the caller read it: closing with
 * bytes unread makes TCP reset the connection, and many callers then never see the answer. What still comes is dropped,
 * for half a second and up to 8 MiB.
 */
export function closeGently({ raw: { socket } }: FastifyRequest, reply: FastifyReply): void {
  reply.header('connection', 'close')
  // What Node calls once the answer is written.
  socket.destroySoon = () => linger(socket)
}

function linger(socket: Socket): void {
  socket.end()
  const { bytesRead } = socket
  const untilMs = performance.now() + lingerMs
  const looking = setInterval(() => {
    // Whoever goes on at full speed is not read any more, but still has his time to see the answer.
    if (socket.bytesRead - bytesRead > lingerBytes) socket.pause()
    if (performance.now() >= untilMs) socket.destroy()
  }, lookIntervalMs)
  socket.once('end', () => socket.destroy())
  socket.once('close', () => clearInterval(looking))
}
