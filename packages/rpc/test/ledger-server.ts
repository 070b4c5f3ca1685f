import { once } from 'node:events'
import { LedgerServiceDefinition } from '@frontdesk/contracts'
import { createTelemetry } from '@frontdesk/telemetry'
import { createRpcServer } from '../src/server.ts'
import { createTokenVerifier } from '../src/token-verifier.ts'
import { answeringLedger } from './ledger.ts'

// A server in a process of its own: `node ledger-server.ts <jwks file>` prints its port.
const [, , jwksFile = ''] = process.argv
await using telemetry = createTelemetry({ service: 'ledger', logLevel: 'silent' })
await using server = createRpcServer({
  telemetry,
  verifier: createTokenVerifier({ jwksFile, audience: 'ledger', logger: telemetry.logger }),
})
server.add(LedgerServiceDefinition, answeringLedger())
process.stdout.write(`${await server.listen('127.0.0.1:0')}\n`)
await once(process, 'SIGTERM')
