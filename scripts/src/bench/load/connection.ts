import { connect, type Socket } from 'node:net'

// Of all connections: what a read brings is taken before the next one, and a buffer for each read would have to be made and collected.
const readBuffer = Buffer.alloc(64 * 1024)

/** An answer, whole. */
export interface Answer {
  readonly status: number
  readonly body: string
  /** Whether the server closes the connection behind it. */
  readonly isLast: boolean
}

/** One connection to a server, over which one request at a time is under way. */
export interface Connection {
  /**
   * Sends a request as it goes over the wire; over a new connection where there is none any more.
   * @throws Error if the connection ends before the answer, none comes in time, or the one before has not been answered.
   */
  send(request: Buffer): Promise<Answer>
  close(): void
}

/**
 * Knows of HTTP/1.1 what a server of the bench answers with: a status, headers with the body's length, the body. undici, which knows all of
 * it, takes twice as much of the machine for each request, and so from the servers that share it.
 */
export function createConnection(url: string, timeoutMs = 10_000): Connection {
  const { hostname, port } = new URL(url)
  let socket: Socket | undefined
  let waiting: PromiseWithResolvers<Answer> | undefined
  let text = ''

  function end(error: Error): void {
    socket?.destroy()
    socket = undefined
    text = ''
    waiting?.reject(error)
    waiting = undefined
  }

  function open(): Socket {
    const opened = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer: readBuffer, callback: read } })
    const fail = (error: Error) => {
      if (socket === opened) end(error)
    }
    function read(length: number): boolean {
      take(readBuffer.toString('latin1', 0, length))
      return true
    }
    function take(chunk: string): void {
      // What nobody has asked for would else be taken for the answer of the next request.
      if (!waiting) return fail(new Error('an answer to nothing'))
      text += chunk
      const answer = answerOf(text)
      if (answer === undefined) return
      if (answer instanceof Error) return fail(answer)
      text = ''
      waiting.resolve(answer)
      waiting = undefined
      if (answer.isLast) fail(new Error('the server closed the connection'))
    }
    opened.on('error', fail)
    opened.on('close', () => fail(new Error('the connection was closed')))
    // One that is idle goes, too, before the server closes it just when a request is on its way.
    opened.setTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)))
    return opened
  }

  return {
    async send(request) {
      if (waiting) throw new Error('the request before has not been answered')
      waiting = Promise.withResolvers()
      socket ??= open()
      socket.write(request)
      return waiting.promise
    },
    close: () => end(new Error('the connection was closed')),
  }
}

/** The answer once it is there; an error for what no server of the bench sends. */
export function answerOf(text: string): Answer | Error | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd)
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 ') || length === undefined) return new Error('no answer that can be read')
  const bodyEnd = headEnd + 4 + Number(length)
  if (text.length < bodyEnd) return undefined
  if (text.length > bodyEnd) return new Error('more than the answer')
  return { status: Number(head.slice(9, 12)), body: text.slice(headEnd + 4), isLast: /\r\nconnection: *close/i.test(head) }
}
