import { newId } from '@frontdesk/contracts'
import { type ErrorCode, FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { Provider, SignedRequest } from '@frontdesk/providers'
import { type Acceptance, headersToKeep, isConnectionId, type SigningSecrets, singleValued, type VerifiedBy } from '../domain/delivery.ts'
import type { ConnectionSecretsCache } from './connection-secrets.ts'
import { createNextTurn } from './next-turn.ts'
import type { Ledger, RateLimits } from './ports.ts'
import { withinTime } from './within-time.ts'

/** A webhook as it came in; nothing of it is trusted yet. */
export interface IncomingWebhook {
  readonly provider: Provider
  /** The last segment of the path; undefined on a provider's platform route. */
  readonly connectionId: string | undefined
  /** Of the caller, or of the proxy before us if that is not trusted to tell. */
  readonly address: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawBody: Buffer
}

export interface AcceptWebhookDependencies {
  readonly ledger: Ledger
  /** By provider name; a provider that is not among them has no platform route. */
  readonly platformSecrets: ReadonlyMap<string, SigningSecrets>
  readonly connections: Pick<ConnectionSecretsCache, 'get' | 'ask'>
  readonly limits: Pick<RateLimits, 'checkAddress' | 'takeOfAddress' | 'takeOfConnection'>
  readonly clock: () => Date
  /** For all of it together: the look-ups and the commit. */
  readonly timeoutMs?: number
}

/** What says that the caller has not proved who he is. */
const unproven: ReadonlySet<ErrorCode> = new Set([
  'signature_missing',
  'signature_malformed',
  'signature_invalid',
  'timestamp_out_of_tolerance',
  'unknown_connection',
])

/** Proves who sent a webhook, normalizes it, and resolves once it is on disk; in any case it answers within 2 s. */
export function acceptWebhook(deps: AcceptWebhookDependencies): (webhook: IncomingWebhook) => Promise<Acceptance> {
  const nextTurn = createNextTurn()
  const accept = async (webhook: IncomingWebhook) => {
    const receivedAt = deps.clock()
    // A commit that the database has answered by now goes first; and code that runs for many in a row runs faster.
    await nextTurn()
    const headers = singleValued(webhook.headers)
    const { verifiedBy, secrets } = await prove(deps, webhook, { headers, rawBody: webhook.rawBody }, receivedAt)
    // Only what the connection itself signed takes from its share: nobody else can use it up.
    if (webhook.connectionId !== undefined) await deps.limits.takeOfConnection(webhook.connectionId)
    const id = newId('dlv')
    const events = webhook.provider.normalize(webhook.rawBody, { deliveryId: id, connectionId: webhook.connectionId, receivedAt, headers })
    return deps.ledger.keep(
      {
        id,
        provider: webhook.provider.name,
        connectionId: webhook.connectionId,
        receivedAt,
        headers: headersToKeep(webhook.headers, secrets),
        rawBody: webhook.rawBody,
        verifiedBy,
      },
      events,
    )
  }
  return (webhook) => withinTime(accept(webhook), deps.timeoutMs ?? 1_800, tooLate)
}

/** What is still under way by then may be kept all the same, and is a duplicate when it is sent again. */
function tooLate(timeoutMs: number): FrontdeskError {
  return new FrontdeskError('unavailable', {
    publicMessage: 'It can’t be said in time whether this was kept. Send it again.',
    detail: `not within ${timeoutMs} ms`,
    retryAfterMs: 1_000,
  })
}

/** What proved a delivery: one of the secrets that count. */
interface Proof {
  readonly verifiedBy: VerifiedBy
  readonly secrets: readonly string[]
}

/** A failure counts against its address, which so never has to wait for what is genuine: providers send for all companies from a few. */
async function prove(deps: AcceptWebhookDependencies, webhook: IncomingWebhook, request: SignedRequest, now: Date): Promise<Proof> {
  try {
    return await verify(deps, webhook, request, now)
  } catch (error) {
    if (isFrontdeskError(error) && unproven.has(error.code)) await deps.limits.takeOfAddress(webhook.address)
    throw error
  }
}

async function verify(
  deps: AcceptWebhookDependencies,
  { provider, connectionId, address }: Pick<IncomingWebhook, 'provider' | 'connectionId' | 'address'>,
  request: SignedRequest,
  now: Date,
): Promise<Proof> {
  if (connectionId === undefined) {
    const secrets = deps.platformSecrets.get(provider.name)
    if (!secrets) throw unknownConnection()
    return verifyBy(provider, request, secrets, now)
  }

  if (!isConnectionId(connectionId)) throw unknownConnection()
  const known = deps.connections.get(connectionId)
  if (!known) await deps.limits.checkAddress(address)
  const connection = known ?? (await deps.connections.ask(connectionId, request.rawBody.length))
  if (connection?.provider !== provider.name || connection.secrets.length === 0) throw unknownConnection()
  try {
    return verifyBy(provider, request, ofConnection(connection.secrets), now)
  } catch (error) {
    // The secret may have been rotated since the last poll; only then can another try end differently.
    if (!isFrontdeskError(error, 'signature_invalid')) throw error
    const asked = await deps.connections.ask(connectionId, request.rawBody.length)
    if (!asked || asked.version === connection.version) throw error
    if (asked.secrets.length === 0) throw unknownConnection()
    return verifyBy(provider, request, ofConnection(asked.secrets), now)
  }
}

/** The current secret comes first. */
function ofConnection(secrets: readonly string[]): SigningSecrets {
  return { current: secrets.slice(0, 1), previous: secrets.slice(1) }
}

/** The current ones first, which are all that most have. */
function verifyBy(provider: Provider, request: SignedRequest, { current, previous }: SigningSecrets, now: Date): Proof {
  const secrets = previous.length === 0 ? current : current.concat(previous)
  try {
    provider.verify(request, current, now)
    return { verifiedBy: 'current', secrets }
  } catch (error) {
    if (previous.length === 0 || !isFrontdeskError(error, 'signature_invalid')) throw error
    provider.verify(request, previous, now)
    return { verifiedBy: 'previous', secrets }
  }
}

function unknownConnection(): FrontdeskError {
  return new FrontdeskError('unknown_connection', {
    publicMessage: 'There is no such connection. Compare the webhook URL with the one that Frontdesk shows for it.',
  })
}
