import { credsAuthenticator, nkeyAuthenticator } from '@nats-io/nats-core'
import type { Authenticator } from '@nats-io/nats-core'

/** Who a process is to the broker: the seed of an NKey (`SU…`), or the text of a credentials file. */
export type Credentials = { readonly nkeySeed: string } | { readonly credentialsFile: string }

/** The client's way of proving it; undefined where the URL says who we are. */
export function authenticatorOf(credentials: Credentials | undefined): Authenticator | undefined {
  if (!credentials) return undefined
  const encoder = new TextEncoder()
  if ('nkeySeed' in credentials) return nkeyAuthenticator(encoder.encode(credentials.nkeySeed))
  return credsAuthenticator(encoder.encode(credentials.credentialsFile))
}
