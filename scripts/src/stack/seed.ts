import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { DirectoryServiceDefinition, type DirectoryServiceClient, type EvidenceKind } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import type { DemoCompany } from './manifest.ts'

type Plan = Omit<DemoCompany, 'id' | 'calcom'> & { calcom: Pick<DemoCompany['calcom'], 'eventTypeIds' | 'organizerEmail'> }

const plans: readonly Plan[] = [
  {
    name: 'Salon Aurora',
    timeZone: 'Europe/Berlin',
    phoneNumbers: ['+493012345670'],
    retellAgentIds: ['agent_aurora_front_desk'],
    calcom: { eventTypeIds: [101], organizerEmail: 'hello@aurora.example' },
  },
  {
    name: 'Workshop Hudson',
    timeZone: 'America/New_York',
    phoneNumbers: ['+12125550142'],
    retellAgentIds: ['agent_hudson_front_desk'],
    calcom: { eventTypeIds: [202], organizerEmail: 'service@hudson.example' },
  },
]

/** Creates the demo companies through the directory's RPC, unless those that the file names are in it already. */
export async function seedCompanies(directoryAddress: string, operatorToken: string, file: string): Promise<DemoCompany[]> {
  await using telemetry = createTelemetry({ service: 'seed', logLevel: 'silent' })
  await using client = createRpcClient(DirectoryServiceDefinition, {
    address: directoryAddress,
    issuer: fixedToken(operatorToken),
    audience: 'company-resolver',
    telemetry,
    deadlineMs: 5_000,
  })
  const seeded = JSON.parse(await readFile(file, 'utf8').catch(() => '[]')) as DemoCompany[]
  // The file outlives the database that it tells of: data can be removed, or another server given.
  if (seeded.length > 0 && (await areAllThere(client, seeded))) return seeded

  const companies = await Promise.all(plans.map((plan) => seedCompany(client, plan)))
  await writeFile(`${file}.new`, `${JSON.stringify(companies, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return companies
}

async function areAllThere(client: Pick<DirectoryServiceClient, 'getCompany'>, companies: readonly DemoCompany[]): Promise<boolean> {
  try {
    await Promise.all(companies.map(({ id }) => client.getCompany({ companyId: id })))
    return true
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
