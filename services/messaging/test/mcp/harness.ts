import { newId, vouchForCompanyId, type CompanyId } from '@frontdesk/contracts'
import { createHttpServer } from '@frontdesk/http'
import type { Caller, TokenRequest } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { CallToolResult, McpServer } from '@modelcontextprotocol/server'
import { registerMcpRoutes } from '../../src/mcp/routes.ts'
import { createMcpServer } from '../../src/mcp/server.ts'
import { createFakeDesks } from './fake-desks.ts'

export const newCompany = () => vouchForCompanyId(newId('cmp'))

/** The MCP server on a port of its own, over companies in memory, with real tokens. */
export async function startHarness({ extend = (server: McpServer) => server } = {}) {
  await using starting = new AsyncDisposableStack()
  const telemetry = starting.use(createTestTelemetry())
  const authority = starting.use(await createTestAuthority())
  const clock = { now: new Date('2026-11-25T10:00:00Z') }
  const desks = createFakeDesks(() => clock.now)
  const deps = { desks: desks.open, telemetry, now: () => clock.now }
  const http = createHttpServer({ telemetry, bodyLimitBytes: 128 * 1024 })
  registerMcpRoutes(http, {
    serverFor: (caller: Caller) => extend(createMcpServer(deps, caller)),
    verifier: authority.verifier('messaging'),
    telemetry,
    allowedHosts: ['localhost', '127.0.0.1'],
  })
  starting.defer(() => http.close())
  const url = `${await http.listen({ host: '127.0.0.1', port: 0 })}/mcp`

  const clients = starting.use(new AsyncDisposableStack())
  const tokenFor = (companies: readonly CompanyId[] | 'all', options: Partial<TokenRequest> = {}) =>
    authority.issuer('console').issue({ audience: 'messaging', companies, actor: 'usr_ada', ...options })

  /** A client of the SDK, with a token for these companies. */
  async function connect(companies: readonly CompanyId[] | 'all', options: Partial<TokenRequest> = {}) {
    const token = await tokenFor(companies, options)
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider: { token: async () => token } }))
    clients.defer(() => client.close())
    return {
      client,
      call: async (name: string, args: Record<string, unknown> = {}): Promise<CallToolResult> => client.callTool({ name, arguments: args }),
    }
  }

  const owned = starting.move()
  return { url, telemetry, authority, clock, desks, http, tokenFor, connect, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

export type Harness = Awaited<ReturnType<typeof startHarness>>

/** The text that a model reads. */
export function textOf({ content }: CallToolResult): string {
  return content.map((block) => (block.type === 'text' ? block.text : block.type)).join('\n')
}

/** The data that a program reads. */
export function dataOf({ structuredContent }: CallToolResult): Record<string, unknown> {
  return Object.fromEntries(Object.entries(structuredContent ?? {}))
}
