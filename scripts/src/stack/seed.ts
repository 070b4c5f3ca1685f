import { createHash, randomBytes, randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  BillingServiceDefinition,
  type BranchServiceClient,
  BranchServiceDefinition,
  DirectoryServiceDefinition,
  type DirectoryServiceClient,
  type EvidenceKind,
  MessagingServiceDefinition,
} from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import type { TsProtoServiceDefinition } from 'nice-grpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { writeJson } from './json-file.ts'
import type { DemoCompany, SandboxUrls, ServiceName } from './manifest.ts'
import { type KnownCompany, openAccounts } from './seed-accounts.ts'

type Plan = Omit<DemoCompany, 'id' | 'calcom' | 'standard' | 'stripe'> & {
  calcom: Pick<DemoCompany['calcom'], 'eventTypeIds' | 'organizerEmail'>
}

/**
 * Two companies that nobody else is mistaken for: a seeding that was interrupted, and another checkout on the same servers,
 * leave companies behind, and what two companies share attributes nothing.
 */
export function planCompanies(): readonly Plan[] {
  const marks = [randomBytes(4).toString('hex'), randomBytes(4).toString('hex')] as const
  return [
    {
      name: 'Salon Aurora',
      timeZone: 'Europe/Berlin',
      phoneNumbers: [`+4930${randomInt(20_000_000, 100_000_000)}`],
      retellAgentIds: [`agent_aurora_${marks[0]}`],
      whatsapp: newWhatsappAccount(),
      calcom: { eventTypeIds: [randomInt(1, 1_000_000_000)], organizerEmail: `hello-${marks[0]}@aurora.example` },
    },
    {
      name: 'Workshop Hudson',
      timeZone: 'America/New_York',
      // The exchange begins with 2 to 9, and its third digit is no 1, as in the service codes 211 to 911.
      phoneNumbers: [`+1212${randomInt(20, 100)}${randomInt(2, 10)}${randomInt(1_000, 10_000)}`],
      retellAgentIds: [`agent_hudson_${marks[1]}`],
      whatsapp: newWhatsappAccount(),
      calcom: { eventTypeIds: [randomInt(1, 1_000_000_000)], organizerEmail: `service-${marks[1]}@hudson.example` },
    },
  ]
}

/** Ids as Meta gives them: 15 digits. */
function newWhatsappAccount(): DemoCompany['whatsapp'] {
  const id = () => `1${String(randomInt(1_000_000, 10_000_000))}${String(randomInt(1_000_000, 10_000_000))}`
  return { wabaId: id(), phoneNumberId: id() }
}

interface Seeded {
  /** Of the vault key: under another one nobody can read the companies' secrets any more. */
  readonly vault: string
  readonly companies: readonly DemoCompany[]
}

export interface SeedOptions {
  readonly rpc: Readonly<Record<ServiceName, string>>
  readonly operatorToken: string
  readonly vaultKeys: string
  readonly stripeApiKey: string
  readonly sandbox: SandboxUrls
  /** Remembers what was seeded. */
  readonly file: string
}

/** Creates the demo companies through the services' RPC, unless those that the file names are there already. */
export async function seedCompanies(options: SeedOptions): Promise<readonly DemoCompany[]> {
  const { rpc, operatorToken, vaultKeys, file } = options
  await using owned = new AsyncDisposableStack()
  const telemetry = owned.use(createTelemetry({ service: 'seed', logLevel: 'silent' }))
  const clientOf = <Definition extends TsProtoServiceDefinition>(definition: Definition, service: ServiceName) =>
    owned.use(
      createRpcClient(definition, {
        address: rpc[service],
        audience: service,
        issuer: fixedToken(operatorToken),
        telemetry,
        deadlineMs: 10_000,
      }),
    )
  const directory = clientOf(DirectoryServiceDefinition, 'company-resolver')
  const vault = createHash('sha256').update(vaultKeys).digest('hex').slice(0, 16)
  const seeded = await readSeeded(file)
  // The file outlives the database that it tells of: data can be removed, or another server given.
  if (seeded?.vault === vault && (await areAllThere(directory, seeded.companies))) return seeded.companies

  const branches = clientOf(BranchServiceDefinition, 'company-resolver')
  const known = await Promise.all(planCompanies().map((plan) => seedCompany(directory, branches, plan)))
  const companies = await openAccounts(known, {
    directory,
    billing: clientOf(BillingServiceDefinition, 'billing'),
    messaging: clientOf(MessagingServiceDefinition, 'messaging'),
    stripeApiKey: options.stripeApiKey,
    sandbox: options.sandbox,
  })
  await writeJson(file, { vault, companies } satisfies Seeded)
  return companies
}

async function readSeeded(file: string): Promise<Seeded | undefined> {
  try {
    const content = JSON.parse(await readFile(file, 'utf8')) as Partial<Seeded>
    return content.vault !== undefined && content.companies?.every(({ standard, stripe }) => standard !== undefined && stripe !== undefined)
      ? { vault: content.vault, companies: content.companies }
      : undefined
  } catch {
    return undefined
  }
}

async function areAllThere(client: Pick<DirectoryServiceClient, 'getCompany'>, companies: readonly DemoCompany[]): Promise<boolean> {
  try {
    const found = await Promise.all(companies.map(({ id }) => client.getCompany({ companyId: id })))
    return found.every(({ company }) => company !== undefined && company.deactivatedAt === undefined)
  } catch (error) {
    if (isFrontdeskError(error, 'not_found')) return false
    throw error
  }
}

async function seedCompany(
  client: Pick<DirectoryServiceClient, 'createCompany' | 'createConnection' | 'addSignal'>,
  branches: Pick<BranchServiceClient, 'createBranch' | 'addPhoneNumber'>,
  plan: Plan,
): Promise<KnownCompany> {
  const { company } = await client.createCompany({ name: plan.name, timeZone: plan.timeZone })
  const companyId = company?.companyId ?? ''
  const connect = async (provider: string, secret: string) => {
    const { connection } = await client.createConnection({ companyId, provider, secret })
    return { connectionId: connection?.connectionId ?? '', secret }
  }
  const [calcom, standard] = await Promise.all([
    connect('calcom', randomBytes(24).toString('base64url')),
    connect('standard', `whsec_${randomBytes(32).toString('base64')}`),
  ])
  const signals: [EvidenceKind, string][] = [
    ...plan.retellAgentIds.map((value) => ['EVIDENCE_KIND_VOICE_AGENT', value] as [EvidenceKind, string]),
    ...plan.calcom.eventTypeIds.map((value) => ['EVIDENCE_KIND_EVENT_TYPE', String(value)] as [EvidenceKind, string]),
    ['EVIDENCE_KIND_ORGANIZER_EMAIL', plan.calcom.organizerEmail],
    ['EVIDENCE_KIND_WHATSAPP_PHONE_NUMBER', plan.whatsapp.phoneNumberId],
    ['EVIDENCE_KIND_WHATSAPP_ACCOUNT', plan.whatsapp.wabaId],
  ]
  const { branch } = await branches.createBranch({ companyId, name: plan.name })
  await Promise.all([
    ...plan.phoneNumbers.map((number) => branches.addPhoneNumber({ companyId, branchId: branch?.branchId ?? '', number })),
    ...signals.map(([kind, value]) => client.addSignal({ companyId, kind, value })),
  ])
  return { id: companyId, ...plan, calcom: { ...calcom, ...plan.calcom }, standard }
}
