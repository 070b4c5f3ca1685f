import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributionServiceDefinition,
  AuditServiceDefinition,
  type AuditServiceImplementation,
  BranchServiceDefinition,
  type BranchServiceImplementation,
  DirectoryServiceDefinition,
  type GetTimelineRequest,
  type GetTimelineResponse,
  LedgerServiceDefinition,
  ModelServiceDefinition,
  type ModelServiceImplementation,
  OperationsServiceDefinition,
  ReplayServiceDefinition,
  VaultServiceDefinition,
  type AttributionServiceImplementation,
  type DirectoryServiceImplementation,
  type LedgerServiceImplementation,
  type OperationsServiceImplementation,
  type ReplayServiceImplementation,
  type VaultServiceImplementation,
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
  readonly companies?: Partial<DirectoryServiceImplementation>
  readonly vault?: Partial<VaultServiceImplementation>
  readonly branches?: Partial<BranchServiceImplementation>
  readonly audit?: AuditServiceImplementation
  readonly models?: Partial<ModelServiceImplementation>
  /** What else stands in dev.json. */
  readonly manifest?: Readonly<Record<string, unknown>>
  readonly replay?: Partial<ReplayServiceImplementation>
  /** What each service says of events. */
  readonly timeline?: (service: string, request: GetTimelineRequest) => Partial<GetTimelineResponse>
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

const noDirectory: DirectoryServiceImplementation = {
  createCompany: notFound,
  getCompany: notFound,
  listCompanies: notFound,
  deactivateCompany: notFound,
  reactivateCompany: notFound,
  updateCompany: notFound,
  createConnection: notFound,
  getConnection: notFound,
  listConnections: notFound,
  deactivateConnection: notFound,
  rotateConnectionSecret: notFound,
  addSignal: notFound,
  endSignal: notFound,
  listSignals: notFound,
  listConnectionSecrets: notFound,
  getConnectionSecrets: notFound,
}

const noBranches: BranchServiceImplementation = {
  createBranch: notFound,
  getBranch: notFound,
  listBranches: notFound,
  updateBranch: notFound,
  deactivateBranch: notFound,
  addPhoneNumber: notFound,
  endPhoneNumber: notFound,
  portPhoneNumber: notFound,
  listPhoneNumbers: notFound,
}

export async function startStack(answers: Answers = {}): Promise<Stack> {
  const { ledger, attribution, operations, companies, branches, audit, models, vault, manifest, timeline, replay } = answers
  await using opening = new AsyncDisposableStack()
  const telemetry = opening.use(createTestTelemetry())
  const authority = opening.use(await createTestAuthority())
  const services = ['webhook-ingress', 'company-resolver', 'booking', 'billing', 'messaging']
  const addresses = await Promise.all(
    services.map(async (service) => {
      const server = opening.use(createRpcServer({ telemetry, verifier: authority.verifier(service), drainMs: 1_000 }))
      const none = { getConservation: notFound, listDeadLetters: notFound, redriveDeadLetter: notFound }
      const getTimeline = (request: GetTimelineRequest) => Promise.resolve(timeline?.(service, request) ?? {})
      server.add(OperationsServiceDefinition, forAllCompanies({ ...none, getTimeline, ...operations }))
      if (service === 'webhook-ingress') {
        const noReplay = { startReplay: notFound, getReplay: notFound, listReplays: notFound, cancelReplay: notFound }
        server.add(ReplayServiceDefinition, forAllCompanies({ ...noReplay, ...replay }))
        server.add(
          LedgerServiceDefinition,
          forAllCompanies({
            getEvent: notFound,
            listEvents: notFound,
            getDelivery: notFound,
            listRefusals: notFound,
            reprocessEvents: notFound,
            ...ledger,
          }),
        )
      } else {
        server.add(
          AttributionServiceDefinition,
          forAllCompanies({
            getAttribution: notFound,
            listQuarantine: notFound,
            listAttributions: notFound,
            releaseEvent: notFound,
            resolveCompany: notFound,
            discardEvent: notFound,
            releaseSiblings: notFound,
            listAudits: notFound,
            reviewAttribution: notFound,
            planReattribution: notFound,
            listLabels: notFound,
            ...attribution,
          }),
        )
        server.add(DirectoryServiceDefinition, forAllCompanies({ ...noDirectory, ...companies }))
        server.add(VaultServiceDefinition, forAllCompanies({ rotateKeys: notFound, getKeyStatus: notFound, ...vault }))
        server.add(BranchServiceDefinition, forAllCompanies({ ...noBranches, ...branches }))
        const noModels = { listModels: notFound, getModel: notFound, refitModel: notFound, activateModel: notFound }
        server.add(ModelServiceDefinition, forAllCompanies({ ...noModels, ...models }))
        server.add(AuditServiceDefinition, forAllCompanies({ listAuditEntries: notFound, ...audit }))
      }
      return `127.0.0.1:${await server.listen('127.0.0.1:0')}`
    }),
  )
  const token = await authority.issuer('operator').issue({ audience: services, companies: 'all' })
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-cli-'))
  opening.defer(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, '.frontdesk'))
  const rpc = Object.fromEntries(services.map((service, index) => [service, addresses[index]]))
  await writeFile(join(directory, '.frontdesk', 'dev.json'), JSON.stringify({ rpc, operatorToken: token, ...manifest }))
  const owned = opening.move()
  return { directory, address: addresses[0] ?? '', token, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
