import {
  BranchServiceDefinition,
  DirectoryServiceDefinition,
  LedgerServiceDefinition,
  ReplayServiceDefinition,
  UserServiceDefinition,
} from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import type { Telemetry } from '@frontdesk/telemetry'
import { eventually } from '@frontdesk/testing'
import { randomInt } from 'node:crypto'
import { sendWebhook } from '../../src/dev/webhooks.ts'
import type { DemoCompany, Manifest, ServiceName } from '../../src/stack/manifest.ts'

/** What a company has one of everything that a command can name. */
export interface KnownCompany {
  readonly companyId: string
  readonly name: string
  readonly branchId: string
  readonly phoneNumberId: string
  readonly number: string
  readonly connectionId: string
  readonly signalId: string
  readonly signal: string
  readonly userId: string
  readonly email: string
  /** Of a call that went to it. */
  readonly eventId: string
  readonly deliveryId: string
  readonly entityId: string
  /** Of calls that went to nobody, for whom this company is to be given them. */
  readonly waiting: readonly [string, string]
  readonly replayId: string
}

/** Gives a company of a stack what the seed does not. */
export async function complete(manifest: Manifest, company: DemoCompany, telemetry: Telemetry): Promise<KnownCompany> {
  await using owned = new AsyncDisposableStack()
  const at = (audience: ServiceName) => ({
    address: manifest.rpc[audience],
    audience,
    issuer: fixedToken(manifest.operatorToken),
    telemetry,
    deadlineMs: 10_000,
  })
  const branches = owned.use(createRpcClient(BranchServiceDefinition, at('company-resolver')))
  const directory = owned.use(createRpcClient(DirectoryServiceDefinition, at('company-resolver')))
  const ledger = owned.use(createRpcClient(LedgerServiceDefinition, at('webhook-ingress')))
  const replays = owned.use(createRpcClient(ReplayServiceDefinition, at('webhook-ingress')))
  const users = owned.use(createRpcClient(UserServiceDefinition, at('identity')))

  const { id: companyId, name } = company
  const { branch } = await branches.createBranch({ companyId, name: `${name} Mitte` })
  const number = `+4940${randomInt(20_000_000, 100_000_000)}`
  const { phoneNumber } = await branches.addPhoneNumber({ companyId, branchId: branch?.branchId ?? '', number })
  const value = `agent_${companyId.slice(4)}`
  const { signal } = await directory.addSignal({ companyId, kind: 'EVIDENCE_KIND_VOICE_AGENT', value })
  const email = `owner@${companyId.slice(4)}.example`
  const { user } = await users.createUser({ email, name: `Owner of ${name}`, companyIds: [companyId] })

  /** A call, once the resolver has decided on it. */
  async function call(entityId: string, toNumber: string) {
    const { body } = retellWebhook('call_ended', { call: { call_id: entityId, agent_id: 'agent_of_nobody', to_number: toNumber } })
    const headers = { 'x-retell-signature': signRetell(body, manifest.providers.retell.apiKey, Date.now()) }
    await sendWebhook(manifest, { path: '/v1/webhooks/retell', body, headers })
    const [event] = (await ledger.listEvents({ entityId })).events
    return { eventId: event?.eventId ?? '', deliveryId: event?.deliveryId ?? '' }
  }
  const entityId = `call_of_${companyId}`
  const { eventId, deliveryId } = await call(entityId, number)
  const nobodys = () => `+4420794${randomInt(10_000, 100_000)}`
  const waiting = [(await call(`${entityId}_1`, nobodys())).eventId, (await call(`${entityId}_2`, nobodys())).eventId] as const
  const { replay } = await replays.startReplay({ selection: { eventIds: [eventId] } })
  const replayId = replay?.replayId ?? ''
  await eventually(async () => {
    const { replay: now } = await replays.getReplay({ replayId })
    if (now?.endedAt === undefined) throw new Error('the replay runs')
  })
  return {
    companyId,
    name,
    branchId: branch?.branchId ?? '',
    phoneNumberId: phoneNumber?.phoneNumberId ?? '',
    number,
    connectionId: company.calcom.connectionId,
    signalId: signal?.signalId ?? '',
    signal: `voice_agent=${value}`,
    userId: user?.userId ?? '',
    email,
    eventId,
    deliveryId,
    entityId,
    waiting,
    replayId,
  }
}
