import { invalidArgument } from '@frontdesk/errors'

// Whose webhooks a company’s own secret can verify.
const connectionProviders = ['retell', 'calcom', 'stripe', 'whatsapp', 'standard'] as const

/** A company's own account with a provider. */
export interface Connection {
  readonly id: string
  readonly companyId: string
  readonly provider: string
  /** 1 at first, raised by each rotation. */
  readonly secretVersion: number
}

const minSecretLength = 8
const maxSecretLength = 512
/** What Cal.com sends in place of a signature when no secret is set. */
const calcomPlaceholder = 'no-secret-provided'

/**
 * A connection as it begins.
 * @throws FrontdeskError invalid_argument.
 */
export function newConnection(draft: Omit<Connection, 'secretVersion'>): Connection {
  if (!connectionProviders.some((provider) => provider === draft.provider)) {
    throw invalidArgument(`provider: give one of ${connectionProviders.join(', ')}`)
  }
  return { ...draft, secretVersion: 1 }
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
