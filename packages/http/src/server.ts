import { randomUUID } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import { fastify } from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { trackMethods } from './allowed-methods.ts'
import { boundConnections } from './bounded-connections.ts'
import { answerClientError } from './client-errors.ts'
import { closeGently, isBodyUnread } from './close-gently.ts'
import { fromFastify } from './fastify-errors.ts'
import { toProblem } from './problem.ts'
import { type CallersTrace, observeRequests } from './request-telemetry.ts'

/** How a server guards itself. */
export interface HttpServerOptions {
  telemetry: Telemetry
  /** The largest body any route takes; a route's own `bodyLimit` goes before it. */
  bodyLimitBytes: number
  /** With one more, the connection that does not read, or that we have waited for longest, is closed (4,096 when left out). */
  maxConnections?: number
  /** All bodies together that are on their way in or not answered yet (64 MiB when left out). */
  heldBytesLimit?: number
  /** For the request line and all headers (5,000 when left out). */
  headersTimeoutMs?: number
  /** For the whole request with its body (8,500 when left out). */
  requestTimeoutMs?: number
  /** For the caller to read an answer that the network takes no more of (10,000 when left out). */
  unreadTimeoutMs?: number
  /** Addresses or networks whose `X-Forwarded-For` tells `request.ip` (none when left out). */
  trustedProxies?: readonly string[]
  /** Whether requests get spans and metrics (when left out, they do). */
  observed?: boolean
  /** At the edge `linked`, so that strangers decide neither what we record nor our ids (`continued` when left out). */
  callersTrace?: CallersTrace
}

const maxHeaderBytes = 16 * 1024
const noBody = Buffer.alloc(0)
/** RFC 9110, 8.3.1: type and subtype. */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/
const requestIdPattern = /^[\w.:-]{1,128}$/

/**
 * An HTTP server whose `request.body` is the raw Buffer (empty without a body) whatever its content
 * type, and whose failures are RFC 9457 problems. Not yet listening.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { telemetry, bodyLimitBytes, headersTimeoutMs = 5_000, requestTimeoutMs = 8_500, trustedProxies = [] } = options
  const app = fastify({
    logger: false,
    bodyLimit: bodyLimitBytes,
    genReqId: (request) => requestIdOf(request.headers['x-request-id']),
    requestTimeout: requestTimeoutMs,
    // A longer id than any is told to be unknown, as every other one.
    routerOptions: { maxParamLength: maxHeaderBytes },
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    http: {
      maxHeaderSize: maxHeaderBytes,
      // Node would refuse it with nothing said: see refusalOf.
      requireHostHeader: false,
      headersTimeout: headersTimeoutMs,
      // Node looks for slow requests every 30 s unless told otherwise, so that 5 s would be up to 35.
      connectionsCheckingInterval: Math.min(500, Math.ceil(headersTimeoutMs / 4)),
    },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    clientErrorHandler: answerClientError,
    // The router failed, before any hook: there is no observation to ask, and a throw would end the process.
    frameworkErrors: (error, request, reply) => answer(error, request, reply, undefined),
  })
  const methodsOf = trackMethods(app)
  const traceIdOf = options.observed === false ? () => undefined : observeRequests(app, telemetry, options.callersTrace)
  boundConnections(app, telemetry, options)
  closeConnectionsWhenClosing(app)
  // RFC 9110, 10.1.1: whatever else a caller expects may be passed over; Node would refuse it with nothing said.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response))

  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.addHook('onRequest', (request, reply, done) => {
    // fastify refuses a type that is none, though it says nothing of the bytes.
    const { headers } = request.raw
    if (!mediaType.test(headers['content-type'] ?? 'none/none')) headers['content-type'] = 'application/octet-stream'
    reply.header('x-request-id', request.id)
    done(refusalOf(request))
  })
  app.addHook('preValidation', (request, _reply, done) => {
    request.body ??= noBody
    done()
  })
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(request.url.split('?', 1)[0] ?? '')
    // Nobody who means us asks for what is not there again and again over one connection.
    reply.header('connection', 'close')
    if (allowed.length === 0) throw new FrontdeskError('not_found', { publicMessage: 'There is nothing at this path.' })
    reply.header('allow', allowed.join(', '))
    throw new FrontdeskError('method_not_allowed', { publicMessage: `This path takes ${allowed.join(', ')}.` })
  })
  app.setErrorHandler((error, request, reply) => answer(error, request, reply, traceIdOf(request)))

  function answer(error: unknown, request: FastifyRequest, reply: FastifyReply, traceId: string | undefined): void {
    const problem = toProblem(fromFastify(error), traceId)
    if (problem.body.code === 'internal') {
      const { method, routeOptions } = request
      telemetry.logger.error(
        { err: error, method, route: routeOptions?.url, requestId: request.id, trace_id: problem.body.traceId },
        'a request failed',
      )
    }
    if (isBodyUnread(request)) closeGently(request, reply)
    // As a Buffer, or fastify would add a charset, which this type does not have.
    void reply
      .code(problem.status)
      .headers(problem.headers)
      .send(Buffer.from(JSON.stringify(problem.body)))
  }
  return app
}

/** The caller's own id if it is one that can stand in a log and a header. */
function requestIdOf(sent: string | string[] | undefined): string {
  return typeof sent === 'string' && requestIdPattern.test(sent) ? sent : randomUUID()
}

/** What its headers alone say against a request. */
function refusalOf({ raw: { headers, httpVersion } }: FastifyRequest): FrontdeskError | undefined {
  // RFC 9112, 3.2
  if (headers.host === undefined && httpVersion === '1.1') {
    return new FrontdeskError('invalid_argument', { publicMessage: 'There is no Host header.' })
  }
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? ''
  if (encoding === '' || encoding === 'identity') return undefined
  // Nothing is unpacked: signatures are over the bytes as sent, and a small body can't become a large one.
  return new FrontdeskError('unsupported_encoding', { publicMessage: 'Send the body as it is, without Content-Encoding.' })
}

/** fastify closes idle connections; those with an answer on its way are told not to come back. */
function closeConnectionsWhenClosing(app: FastifyInstance): void {
  let closing = false
  app.addHook('preClose', (done) => {
    closing = true
    done()
  })
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (closing) reply.header('connection', 'close')
    done(null, payload)
  })
}
