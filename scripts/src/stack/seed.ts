import { createHash, randomBytes, randomInt } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { DirectoryServiceDefinition, type DirectoryServiceClient, type EvidenceKind } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import type { DemoCompany } from './manifest.ts'

type Plan = Omit<DemoCompany, 'id' | 'calcom'> & { calcom: Pick<DemoCompany['calcom'], 'eventTypeIds' | 'organizerEmail'> }

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
      calcom: { eventTypeIds: [randomInt(1, 1_000_000_000)], organizerEmail: `hello-${marks[0]}@aurora.example` },
    },
    {
      name: 'Workshop Hudson',
      timeZone: 'America/New_York',
      // The exchange begins with 2 to 9, and its third digit is no 1, as in the service codes 211 to 911.
      phoneNumbers: [`+1212${randomInt(20, 100)}${randomInt(2, 10)}${randomInt(1_000, 10_000)}`],
      retellAgentIds: [`agent_hudson_${marks[1]}`],
      calcom: { eventTypeIds: [randomInt(1, 1_000_000_000)], organizerEmail: `service-${marks[1]}@hudson.example` },
    },
  ]
}

interface Seeded {
  /** Of the vault key: under another one nobody can read the companies' secrets any more. */
  readonly vault: string
  readonly companies: readonly DemoCompany[]
}

export interface SeedOptions {
  readonly directoryAddress: string
  readonly operatorToken: string
  readonly vaultKeys: string
  /** Remembers what was seeded. */
  readonly file: string
}

/** Creates the demo companies through the directory's RPC, unless those that the file names are in it already. */
export async function seedCompanies({ directoryAddress, operatorToken, vaultKeys, file }: SeedOptions): Promise<readonly DemoCompany[]> {
  await using telemetry = createTelemetry({ service: 'seed', logLevel: 'silent' })
  await using client = createRpcClient(DirectoryServiceDefinition, {
    address: directoryAddress,
    issuer: fixedToken(operatorToken),
    audience: 'company-resolver',
    telemetry,
    deadlineMs: 5_000,
  })
  const vault = createHash('sha256').update(vaultKeys).digest('hex').slice(0, 16)
  const seeded = await readSeeded(file)
  // The file outlives the database that it tells of: data can be removed, or another server given.
  if (seeded?.vault === vault && (await areAllThere(client, seeded.companies))) return seeded.companies

  const companies = await Promise.all(planCompanies().map((plan) => seedCompany(client, plan)))
  await writeFile(`${file}.new`, `${JSON.stringify({ vault, companies } satisfies Seeded, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return companies
}

async function readSeeded(file: string): Promise<Seeded | undefined> {
  try {
    const content = JSON.parse(await readFile(file, 'utf8')) as Partial<Seeded>
    return content.vault !== undefined && content.companies?.length ? { vault: content.vault, companies: content.companies } : undefined
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
  plan: Plan,
): Promise<DemoCompany> {
  const { company } = await client.createCompany({ name: plan.name, timeZone: plan.timeZone })
  const companyId = company?.companyId ?? ''
  const secret = randomBytes(24).toString('base64url')
  const { connection } = await client.createConnection({ companyId, provider: 'calcom', secret })
  const signals: [EvidenceKind, string][] = [
    ...plan.phoneNumbers.map((value) => ['EVIDENCE_KIND_PHONE_NUMBER', value] as [EvidenceKind, string]),
    ...plan.retellAgentIds.map((value) => ['EVIDENCE_KIND_VOICE_AGENT', value] as [EvidenceKind, string]),
    ...plan.calcom.eventTypeIds.map((value) => ['EVIDENCE_KIND_EVENT_TYPE', String(value)] as [EvidenceKind, string]),
    ['EVIDENCE_KIND_ORGANIZER_EMAIL', plan.calcom.organizerEmail],
  ]
  await Promise.all(signals.map(([kind, value]) => client.addSignal({ companyId, kind, value })))
  return { id: companyId, ...plan, calcom: { connectionId: connection?.connectionId ?? '', secret, ...plan.calcom } }
}
