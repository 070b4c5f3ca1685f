import { randomUUID } from 'node:crypto'
import {
  AccountServiceDefinition,
  BookingServiceDefinition,
  ClientKind,
  DirectoryServiceDefinition,
  EvidenceKind,
  MessagingServiceDefinition,
  TokenServiceDefinition,
  UserServiceDefinition,
} from '@frontdesk/contracts'
import { createRpcClient, fixedToken, noToken, type TokenSource } from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import type { Manifest } from '../../src/stack/manifest.ts'
import type { Place } from './places.ts'

/** Clients of a stack's services, as the operator unless somebody else's token is given. */
export function openClients({ rpc, operatorToken }: Manifest, issuer: TokenSource = fixedToken(operatorToken)) {
  const owned = new AsyncDisposableStack()
  const telemetry = owned.use(createTestTelemetry())
  const at = (audience: keyof Manifest['rpc'], tokens = issuer) => ({
    address: rpc[audience],
    audience,
    issuer: tokens,
    telemetry,
    deadlineMs: 5_000,
  })
  return {
    directory: owned.use(createRpcClient(DirectoryServiceDefinition, at('company-resolver'))),
    booking: owned.use(createRpcClient(BookingServiceDefinition, at('booking'))),
    messaging: owned.use(createRpcClient(MessagingServiceDefinition, at('messaging'))),
    users: owned.use(createRpcClient(UserServiceDefinition, at('identity'))),
    accounts: owned.use(createRpcClient(AccountServiceDefinition, at('identity', noToken()))),
    tokens: owned.use(createRpcClient(TokenServiceDefinition, at('identity', noToken()))),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Clients = ReturnType<typeof openClients>

export interface Failing {
  readonly companyId: string
  readonly connectionId: string
  readonly secret: string
}

/** Gives a secret to every service where something else is asked for; what they answer is added to the places. */
export async function misuse(manifest: Manifest, { companyId, connectionId, secret }: Failing, places: Place[]): Promise<string[]> {
  await using clients = openClients(manifest)
  await using strangers = openClients(manifest, fixedToken(secret))
  const { directory, booking, messaging, users, accounts, tokens } = clients
  const account = [{ kind: EvidenceKind.EVENT_TYPE, value: secret }]
  const codes = await refusals(places, [
    directory.createConnection({ companyId, provider: 'calcom', secret: secret.repeat(20) }),
    directory.createConnection({ companyId, provider: secret, secret }),
    directory.createConnection({ companyId: secret, provider: 'calcom', secret }),
    directory.createConnection({ companyId, provider: 'standard', secret, account }),
    directory.rotateConnectionSecret({ companyId, connectionId: secret, secret }),
    directory.getConnection({ companyId, connectionId: secret }),
    directory.getConnectionSecrets({ connectionId: secret }),
    directory.listConnections({ companyId, pageToken: secret }),
    directory.addSignal({ companyId, kind: EvidenceKind.PHONE_NUMBER, value: secret }),
    directory.createCompany({ name: 'Salon', timeZone: secret }),
    booking.getAppointment({ companyId, appointmentId: secret }),
    booking.listCustomers({ companyId, pageToken: secret }),
    messaging.sendMessage({ companyId, conversationId: secret, text: 'Hi', idempotencyKey: randomUUID() }),
    messaging.putSender({ companyId, phoneNumberId: secret, businessAccountId: secret }),
    users.getUser({ userId: secret }),
    users.getUser({ email: `${secret}@salon.example` }),
    accounts.logIn({ email: 'nobody@salon.example', password: secret, client: ClientKind.CLI }),
    accounts.logIn({ email: secret, password: secret, secondFactor: { $case: 'recoveryCode', value: secret }, client: ClientKind.CLI }),
    accounts.acceptInvitation({ invitationToken: secret, password: secret }),
    accounts.issueUserToken({ sessionToken: secret, audience: [secret] }),
    accounts.enrolSecondFactor({ sessionToken: secret, password: secret }),
    tokens.issueServiceToken({ credential: secret, audience: [secret], companyIds: [companyId] }),
    strangers.directory.getCompany({ companyId }),
    strangers.booking.listCustomers({ companyId }),
    strangers.users.getUser({ userId: connectionId }),
  ])
  for (const request of outside(manifest, secret)) {
    const response = await request
    places.push({ kind: 'answer', name: `${response.url.slice(0, 24)}… ${response.status}`, content: Buffer.from(await response.text()) })
  }
  return codes
}

/** What else stands open: MCP, the keys, the admin servers, Meta's handshake. */
function outside({ mcp, identity, ingress, admin }: Manifest, secret: string): Promise<Response>[] {
  const quoted = encodeURIComponent(secret)
  const headers = { authorization: `Bearer ${secret}`, accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
  const handshake = `hub.mode=subscribe&hub.verify_token=${quoted}&hub.challenge=1`
  return [
    fetch(`${mcp.url}?token=${quoted}`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: secret }) }),
    fetch(`${identity.jwksUrl}?token=${quoted}`, { headers }),
    fetch(`${ingress.url}/v1/webhooks/whatsapp?${handshake}`),
    fetch(`${admin['company-resolver']}/${quoted}?token=${quoted}`, { headers }),
    fetch(`${ingress.url}/v1/retell/inbound?key=${quoted}`, { method: 'POST', headers, body: JSON.stringify({ secret }) }),
    fetch(`${ingress.url}/v1/retell/functions/${quoted}`, { method: 'POST', headers, body: '{}' }),
  ]
}

/** Has every service try to write into a database that takes nothing. */
export async function whileReadOnly(
  { directory, users }: Pick<Clients, 'directory' | 'users'>,
  { companyId, connectionId, secret }: Failing,
  places: Place[],
): Promise<string[]> {
  return refusals(places, [
    directory.createConnection({ companyId, provider: 'calcom', secret }),
    directory.rotateConnectionSecret({ companyId, connectionId, secret }),
    users.rotateSigningKey({}),
    users.createUser({ email: 'late@salon.example', name: 'Late', companyIds: [companyId] }),
  ])
}

/** The codes of calls that are all refused; what each error says is added to the places. */
async function refusals(places: Place[], calls: readonly Promise<unknown>[]): Promise<string[]> {
  const outcomes = await Promise.allSettled(calls)
  return outcomes.map((outcome, index) => {
    if (outcome.status === 'fulfilled') return 'answered'
    const error = outcome.reason as Error & { code?: string; publicMessage?: string; detail?: string }
    const said = [error.message, error.publicMessage, error.detail, error.stack].join('\n')
    places.push({ kind: 'error', name: `call ${index}`, content: Buffer.from(said) })
    return error.code ?? error.name
  })
}
