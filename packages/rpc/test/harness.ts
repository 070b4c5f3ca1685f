import { LedgerServiceDefinition, type LedgerServiceImplementation } from '@frontdesk/contracts'
import { createTestTelemetry, type TestTelemetry } from '@frontdesk/telemetry/testing'
import type { RpcClientOptions } from '../src/client-options.ts'
import { createRpcClient, type RpcClient } from '../src/client.ts'
import { createRpcServer, type RpcServer, type RpcServerOptions } from '../src/server.ts'
import { createTestAuthority, type TestAuthority } from '../src/testing.ts'
import { answeringLedger } from './ledger.ts'

type Ledger = typeof LedgerServiceDefinition

/** A ledger server that listens. */
export interface RunningServer {
  readonly server: RpcServer
  readonly address: string
}

/** Real servers and clients on loopback; whatever was started through it ends with it. */
export interface Harness extends AsyncDisposable {
  readonly authority: TestAuthority
  readonly telemetry: TestTelemetry
  serve(ledger?: Partial<LedgerServiceImplementation>, options?: Partial<RpcServerOptions>): Promise<RunningServer>
  connect(address: string, options?: Partial<RpcClientOptions<Ledger>>): RpcClient<Ledger>
}

export async function createHarness(): Promise<Harness> {
  const owned = new AsyncDisposableStack()
  const telemetry = owned.use(createTestTelemetry())
  const authority = owned.use(await createTestAuthority())
  return {
    authority,
    telemetry,
    async serve(ledger, options) {
      const server = owned.use(createRpcServer({ telemetry, verifier: authority.verifier('ledger'), drainMs: 2_000, ...options }))
      server.add(LedgerServiceDefinition, answeringLedger(ledger))
      return { server, address: `127.0.0.1:${await server.listen('127.0.0.1:0')}` }
    },
    connect: (address, options) =>
      owned.use(
        createRpcClient(LedgerServiceDefinition, { address, issuer: authority.issuer('test'), audience: 'ledger', telemetry, ...options }),
      ),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
