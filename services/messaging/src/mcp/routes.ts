import { bearerTokenOf, type Caller, type TokenVerifier } from '@frontdesk/rpc'
import type { Telemetry } from '@frontdesk/telemetry'
import { hostHeaderValidation, originValidation } from '@modelcontextprotocol/fastify'
import { createMcpHandler, type AuthInfo, type McpServer } from '@modelcontextprotocol/server'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export interface McpRoutesOptions {
  /** A server for one request of that caller. */
  readonly serverFor: (caller: Caller) => McpServer
  readonly verifier: TokenVerifier
  readonly telemetry: Telemetry
  /** The names by which clients reach us, without ports; a page of any other origin is refused too. */
  readonly allowedHosts: readonly string[]
}

const path = '/mcp'
const openStreamsMax = 64

/** `/mcp`: streamable HTTP, without sessions, so that any replica answers any request. Closing the server ends its streams. */
export function registerMcpRoutes(server: FastifyInstance, { serverFor, verifier, telemetry, allowedHosts }: McpRoutesOptions): void {
  const callers = new WeakMap<AuthInfo, Caller>()
  const handler = createMcpHandler(
    ({ authInfo }) => {
      const caller = authInfo && callers.get(authInfo)
      if (!caller) throw new Error('a request came past the authentication')
      return serverFor(caller)
    },
    {
      maxSubscriptions: openStreamsMax,
      onerror: (err) => telemetry.logger.debug({ err }, 'MCP request refused'),
    },
  )
  server.addHook('preClose', () => handler.close())

  const proven = new WeakMap<FastifyRequest, AuthInfo>()
  async function authenticate(request: FastifyRequest): Promise<void> {
    const caller = await verifier.verify(bearerTokenOf(request.headers.authorization))
    // Without the token itself: no tool has any use for it.
    const authInfo: AuthInfo = { token: '', clientId: caller.caller, scopes: [] }
    callers.set(authInfo, caller)
    proven.set(request, authInfo)
  }

  server.route({
    method: ['GET', 'POST', 'DELETE'],
    url: path,
    exposeHeadRoute: false,
    // Before the body is read.
    onRequest: [hostHeaderValidation([...allowedHosts]), originValidation([...allowedHosts]), authenticate],
    async handler(request, reply) {
      const authInfo = proven.get(request)
      return reply.send(await handler.fetch(toWebRequest(request, reply), authInfo && { authInfo }))
    },
  })
}

/** The request as the SDK takes it; aborted when the client goes away. */
function toWebRequest({ method, headers, body }: FastifyRequest, reply: FastifyReply): Request {
  const left = new AbortController()
  reply.raw.once('close', () => left.abort())
  const passedOn = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== 'authorization') passedOn.set(name, String(value))
  }
  const sent = method === 'POST' && Buffer.isBuffer(body) ? { body: new Uint8Array(body) } : {}
  return new Request(`http://localhost${path}`, { method, headers: passedOn, signal: left.signal, ...sent })
}
