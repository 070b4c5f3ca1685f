import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually } from '@frontdesk/testing'
import { createHttpServer } from '../src/server.ts'
import type { HttpServerOptions } from '../src/server.ts'

/** A listening server with routes that echo, tell what they got, and fail as told. */
export async function startTestServer(options: Partial<Omit<HttpServerOptions, 'telemetry'>> = {}) {
  const telemetry = createTestTelemetry()
  const app = createHttpServer({ telemetry, bodyLimitBytes: 1_000_000, ...options })
  let failure: unknown = new Error('told to fail')
  let onEcho: () => void | Promise<void> = () => {}

  app.post<{ Body: Buffer }>('/echo', async (request) => {
    await onEcho()
    return request.body
  })
  const kind = async (request: { body: unknown }) => ({ isBuffer: Buffer.isBuffer(request.body), length: (request.body as Buffer).length })
  app.get('/kind', kind)
  app.post('/kind', kind)
  app.get('/address', (request) => JSON.stringify(request.ip))
  app.get('/items/:id', () => ({}))
  app.put('/items/:id', () => ({}))
  app.get('/files/*', () => ({}))
  app.get('/fail', () => {
    throw failure
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo

  return {
    app,
    port,
    telemetry,
    url: `http://127.0.0.1:${port}`,
    eventually,
    failWith: (error: unknown) => void (failure = error),
    onEcho: (hook: typeof onEcho) => void (onEcho = hook),
    connections: () => promisify(app.server.getConnections.bind(app.server))(),
    /** Sends bytes as they are, and gives what comes back until the server closes. */
    async raw(bytes: string): Promise<string> {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write(bytes)
      return text(socket)
    },
    async [Symbol.asyncDispose]() {
      await app.close()
      await telemetry[Symbol.asyncDispose]()
    },
  }
}
