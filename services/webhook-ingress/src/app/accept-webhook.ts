import { newId } from '@frontdesk/contracts'
import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { Provider } from '@frontdesk/providers'
import { type Acceptance, headersToKeep, isConnectionId, singleValued } from '../domain/delivery.ts'
import type { ConnectionSecretsCache } from './connection-secrets.ts'
import type { Ledger } from './ports.ts'
import { withinTime } from './within-time.ts'

/** A webhook as it came in; nothing of it is trusted yet. */
export interface IncomingWebhook {
  readonly provider: Provider
  /** The last segment of the path; undefined on a provider's platform route. */
  readonly connectionId: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawBody: Buffer
}

export interface AcceptWebhookDependencies {
  readonly ledger: Ledger
  /** By provider name; a provider that is not among them has no platform route. */
  readonly platformSecrets: ReadonlyMap<string, readonly string[]>
  readonly connections: Pick<ConnectionSecretsCache, 'get' | 'ask'>
  readonly clock: () => Date
  /** For all of it together: the look-ups and the commit. */
  readonly timeoutMs?: number
}

/** Proves who sent a webhook, normalizes it, and resolves once it is on disk; in any case it answers within 2 s. */
export function acceptWebhook(deps: AcceptWebhookDependencies): (webhook: IncomingWebhook) => Promise<Acceptance> {
  const accept = async (webhook: IncomingWebhook) => {
    const receivedAt = deps.clock()
    await verify(deps, webhook, receivedAt)
    const id = newId('dlv')
    const events = webhook.provider.normalize(webhook.rawBody, { deliveryId: id, connectionId: webhook.connectionId, receivedAt })
    return deps.ledger.keep(
      {
        id,
        provider: webhook.provider.name,
        connectionId: webhook.connectionId,
        receivedAt,
        headers: headersToKeep(webhook.headers),
        rawBody: webhook.rawBody,
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

async function verify(
  deps: AcceptWebhookDependencies,
  { provider, connectionId, headers, rawBody }: IncomingWebhook,
  now: Date,
): Promise<void> {
  const request = { headers: singleValued(headers), rawBody }
  if (connectionId === undefined) {
    const secrets = deps.platformSecrets.get(provider.name)
    if (!secrets) throw unknownConnection()
    return provider.verify(request, secrets, now)
  }

  if (!isConnectionId(connectionId)) throw unknownConnection()
  const known = deps.connections.get(connectionId)
  const connection = known ?? (await deps.connections.ask(connectionId))
  if (connection?.provider !== provider.name) throw unknownConnection()
  try {
    return provider.verify(request, connection.secrets, now)
  } catch (error) {
    // The secret may have been rotated since the last poll; only then can another try end differently.
    if (!isFrontdeskError(error, 'signature_invalid')) throw error
    const asked = await deps.connections.ask(connectionId)
    if (!asked || asked.version === connection.version) throw error
    provider.verify(request, asked.secrets, now)
  }
}

function unknownConnection(): FrontdeskError {
  return new FrontdeskError('unknown_connection', {
    publicMessage: 'There is no such connection. Compare the webhook URL with the one that Frontdesk shows for it.',
  })
}
