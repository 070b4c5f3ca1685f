import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHttpServer } from '@frontdesk/http'
import type { Telemetry } from '@frontdesk/telemetry'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from './clock.ts'
import type { Fault, Faults } from './faults.ts'
import { ProviderError, type ProviderFailures, type ProviderName } from './provider.ts'
import { maskedHeaders, type RequestLog } from './request-log.ts'

/** One provider's outbound API. */
export interface ProviderApi {
  readonly name: ProviderName
  readonly failures: ProviderFailures
  readonly register: (server: FastifyInstance) => void
  /** The body of a request to that path as the log shows it. */
  readonly parseBody: (body: Buffer, path: string) => unknown
}

/** What the providers' servers share. */
export interface ProviderServerDependencies {
  readonly host: string
  readonly telemetry: Telemetry
  readonly faults: Faults
  readonly requests: RequestLog
  readonly now: Clock
  /** The provider's state may have changed. */
  readonly onChange: () => void
}

/** A listening server. */
export interface ListeningServer extends AsyncDisposable {
  readonly url: string
}

const bodyLimitBytes = 1024 * 1024
const slot = 'sandboxFault'
const defaultDelayMs = 1_000

/** Serves a provider's API on a port of its own, with the faults that are asked for and every request in the log. */
export async function startProviderServer(api: ProviderApi, port: number, deps: ProviderServerDependencies): Promise<ListeningServer> {
  const server = createHttpServer({ telemetry: deps.telemetry, bodyLimitBytes })
  const closing = new AbortController()
  server.decorateRequest(slot, undefined)
  // In a scope of its own, so that failures have the provider's shape and not that of our problems.
  await server.register(async (scope) => {
    scope.setErrorHandler((error, request, reply) => {
      const failure = error instanceof ProviderError ? error : unexpected(error, request)
      return reply.code(failure.status).headers(failure.headers).send(failure.body)
    })
    scope.addHook('preHandler', async (request) => {
      const fault = deps.faults.take(api.name, request.url)
      request.setDecorator(slot, fault)
      await beforeEffect(fault)
    })
    scope.addHook('onSend', async (request, reply, payload) => {
      const fault = request.getDecorator<Fault | undefined>(slot)
      const answer = fault?.kind === 'error_after' ? failWith(reply, api.failures.internal()) : payload
      record(request, reply, fault)
      if (request.method !== 'GET') deps.onChange()
      await afterEffect(fault, request)
      return answer
    })
    api.register(scope)
    scope.all('/*', (request) => {
      throw api.failures.notFound(request.method, request.url)
    })
  })
  await server.listen({ port, host: deps.host })
  const address = server.server.address() as AddressInfo

  return {
    url: `http://${deps.host}:${address.port}`,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await server.close()
    },
  }

  async function beforeEffect(fault: Fault | undefined): Promise<void> {
    if (fault?.kind === 'rate_limited') throw api.failures.rateLimited()
    if (fault?.kind === 'error_before') throw api.failures.internal()
    if (fault?.kind === 'slow') await pause(fault.delayMs ?? defaultDelayMs)
  }

  async function afterEffect(fault: Fault | undefined, { raw: { socket } }: FastifyRequest): Promise<void> {
    if (fault?.kind === 'disconnect_after') socket.destroy()
    if (fault?.kind !== 'hang_after') return
    if (fault.delayMs !== undefined) return pause(fault.delayMs)
    const gone = once(socket, 'close', { signal: closing.signal }).catch(() => socket.destroy())
    if (!socket.destroyed) await gone
  }

  async function pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined)
  }

  function record(request: FastifyRequest, reply: FastifyReply, fault: Fault | undefined): void {
    const { id, method, url: path, headers, body } = request
    const logged = {
      id,
      provider: api.name,
      method,
      path,
      headers: maskedHeaders(headers),
      status: reply.statusCode,
      fault: fault?.kind ?? null,
      at: deps.now().toISOString(),
    }
    deps.requests.add(logged, () => (Buffer.isBuffer(body) && body.length > 0 ? api.parseBody(body, path) : null))
  }

  function unexpected(error: unknown, request: FastifyRequest): ProviderError {
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
    if (status < 500) return api.failures.unreadable(error instanceof Error ? error.message : String(error))
    deps.telemetry.logger.error({ err: error, provider: api.name, method: request.method, path: request.url }, 'a request failed')
    return api.failures.internal()
  }
}

/** Replaces an answer that is already made. */
function failWith(reply: FastifyReply, failure: ProviderError): string {
  const body = JSON.stringify(failure.body)
  void reply.code(failure.status).headers({ ...failure.headers, 'content-length': Buffer.byteLength(body) })
  return body
}
