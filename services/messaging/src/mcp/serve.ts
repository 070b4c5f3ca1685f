import { createHttpServer } from '@frontdesk/http'
import type { TokenVerifier } from '@frontdesk/rpc'
import { registerMcpRoutes } from './routes.ts'
import { createMcpServer, type McpServerDependencies } from './server.ts'

export interface McpOptions extends McpServerDependencies {
  readonly verifier: TokenVerifier
  readonly host: string
  readonly port: number
  readonly allowedHosts: readonly string[]
}

/** Above the longest text and the longest template, however their JSON is escaped. */
const bodyLimitBytes = 1024 * 1024

/** Serves the tools at `/mcp`; disposing it lets the calls under way finish, and ends open streams. */
export async function serveMcp({ verifier, host, port, allowedHosts, ...deps }: McpOptions): Promise<AsyncDisposable & { url: string }> {
  const server = createHttpServer({ telemetry: deps.telemetry, bodyLimitBytes })
  registerMcpRoutes(server, {
    serverFor: (caller) => createMcpServer(deps, caller),
    verifier,
    telemetry: deps.telemetry,
    allowedHosts,
  })
  const url = await server.listen({ host, port })
  return { url: `${url}/mcp`, [Symbol.asyncDispose]: () => server.close() }
}
