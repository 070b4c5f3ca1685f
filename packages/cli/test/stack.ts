import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributionServiceDefinition,
  LedgerServiceDefinition,
  OperationsServiceDefinition,
  type AttributionServiceImplementation,
  type LedgerServiceImplementation,
  type OperationsServiceImplementation,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { createRpcServer, forAllCompanies } from '@frontdesk/rpc'
import { createTestAuthority } from '@frontdesk/rpc/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'

/** What the services of a test answer; any other method is not found. */
export interface Answers {
  readonly ledger?: Partial<LedgerServiceImplementation>
  readonly attribution?: Partial<AttributionServiceImplementation>
  readonly operations?: Partial<OperationsServiceImplementation>
}

/** Real RPC servers, and a project directory whose `.frontdesk/dev.json` leads to them. */
export interface Stack extends AsyncDisposable {
  readonly directory: string
  readonly address: string
  readonly token: string
}

function notFound(): never {
  throw new FrontdeskError('not_found', { publicMessage: 'There is no such thing.' })
}

export async function startStack({ ledger, attribution, operations }: Answers = {}): Promise<Stack> {
  await using opening = new AsyncDisposableStack()
  const telemetry = opening.use(createTestTelemetry())
  const authority = opening.use(await createTestAuthority())
  const services = ['webhook-ingress', 'company-resolver', 'booking', 'billing', 'messaging']
  const addresses = await Promise.all(
    services.map(async (service) => {
      const server = opening.use(createRpcServer({ telemetry, verifier: authority.verifier(service), drainMs: 1_000 }))
      if (service === 'webhook-ingress') {
        server.add(
          LedgerServiceDefinition,
          forAllCompanies({ getEvent: notFound, listEvents: notFound, getDelivery: notFound, reprocessEvents: notFound, ...ledger }),
        )
      } else {
        const none = { getConservation: notFound, listDeadLetters: notFound, redriveDeadLetter: notFound }
        server.add(OperationsServiceDefinition, forAllCompanies({ ...none, ...operations }))
        server.add(
          AttributionServiceDefinition,
          forAllCompanies({ getAttribution: notFound, listQuarantine: notFound, resolveCompany: notFound, ...attribution }),
        )
      }
      return `127.0.0.1:${await server.listen('127.0.0.1:0')}`
    }),
  )
  const token = await authority.issuer('operator').issue({ audience: services, companies: 'all' })
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-cli-'))
  opening.defer(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, '.frontdesk'))
  const rpc = Object.fromEntries(services.map((service, index) => [service, addresses[index]]))
  await writeFile(join(directory, '.frontdesk', 'dev.json'), JSON.stringify({ rpc, operatorToken: token }))
  const owned = opening.move()
  return { directory, address: addresses[0] ?? '', token, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
