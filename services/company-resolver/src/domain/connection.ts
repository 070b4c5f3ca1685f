import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import type { Evidence } from './evidence.ts'
import type { SignalKind } from './signal.ts'

// Whose webhooks a company’s own secret can verify.
const connectionProviders = ['retell', 'calcom', 'stripe', 'whatsapp', 'standard'] as const
type ConnectionProvider = (typeof connectionProviders)[number]

/** What an event of each provider says of the account that it came from, besides the connection itself and phone numbers. */
const accountKinds: Readonly<Record<ConnectionProvider, readonly SignalKind[]>> = {
  retell: ['voice_agent'],
  calcom: ['organizer_email', 'organizer_id', 'event_type', 'organization', 'team'],
  stripe: ['stripe_account', 'stripe_customer'],
  whatsapp: ['whatsapp_phone_number', 'whatsapp_account'],
  standard: [],
}
const maxAccountSignals = 100

/** A company's own account with a provider. */
export interface Connection {
  readonly id: string
  readonly companyId: string
  readonly provider: string
  /** 1 at first, raised by each rotation. */
  readonly secretVersion: number
  /** Undefined for one that was made before this was kept. */
  readonly createdAt: Date | undefined
  readonly deactivatedAt: Date | undefined
}

const minSecretLength = 8
const maxSecretLength = 512
/** What Cal.com sends in place of a signature when no secret is set. */
const calcomPlaceholder = 'no-secret-provided'

/**
 * A connection as it begins.
 * @throws FrontdeskError invalid_argument.
 */
export function newConnection(draft: Omit<Connection, 'secretVersion' | 'deactivatedAt'>): Connection {
  if (!isConnectionProvider(draft.provider)) throw invalidArgument(`provider: give one of ${connectionProviders.join(', ')}`)
  return { ...draft, secretVersion: 1, deactivatedAt: undefined }
}

function isConnectionProvider(text: string): text is ConnectionProvider {
  return connectionProviders.some((provider) => provider === text)
}

/**
 * What is known of a connection's account, each piece once.
 * @throws FrontdeskError invalid_argument for what events of the provider don't say.
 */
export function checkAccount<Piece extends Evidence>(provider: string, account: readonly Piece[]): readonly Piece[] {
  if (account.length > maxAccountSignals) throw invalidArgument(`account: at most ${maxAccountSignals} pieces`)
  const kinds: readonly string[] = isConnectionProvider(provider) ? accountKinds[provider] : []
  const foreign = account.find(({ kind }) => !kinds.includes(kind))
  if (foreign?.kind === 'phone_number') throw invalidArgument('account: a phone number is added by AddPhoneNumber')
  if (foreign)
    throw invalidArgument(`account: events of ${provider} say ${kinds.join(', ') || 'nothing'} of their account, and no ${foreign.kind}`)
  return account
}

/** @throws FrontdeskError failed_precondition for a connection that is no longer used. */
export function requireInUse({ deactivatedAt }: Connection): void {
  if (deactivatedAt)
    throw new FrontdeskError('failed_precondition', { publicMessage: 'The connection is deactivated. Create another one.' })
}

/**
 * The secret, taken as it is.
 * @throws FrontdeskError invalid_argument if it can't protect anything.
 */
export function checkSecret(secret: string): string {
  if (secret.length < minSecretLength || secret.length > maxSecretLength || secret === calcomPlaceholder) {
    throw invalidArgument(`secret: give ${minSecretLength} to ${maxSecretLength} characters that the provider signs with`)
  }
  return secret
}
