import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '@frontdesk/errors'
import type { ProblemBody } from './problem.ts'

/**
 * Answers what Node refused before it became a request: too slow, too many headers, not HTTP. These
 * statuses belong to the protocol, not to an error of ours, so they stand outside the table.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, code, detail] = protocolProblem(error.code)
  const title = STATUS_CODES[status] ?? 'Bad Request'
  const body = JSON.stringify({ type: `urn:frontdesk:problem:${code}`, title, status, code, detail } satisfies ProblemBody)
  const head = `HTTP/1.1 ${status} ${title}\r\nconnection: close\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.end(head + body, () => socket.destroy())
}

function protocolProblem(code: string | undefined): [status: number, code: ErrorCode, detail: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'deadline_exceeded', 'The request did not arrive in time.']
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'invalid_argument', 'The headers are larger than 16 KiB.']
    default:
      return [400, 'invalid_argument', 'This is not a request that we can read.']
  }
}
