import { invalidArgument } from '@frontdesk/errors'
import {
  ClientKind as ClientKindMessage,
  type Invitation as InvitationMessage,
  type Session as SessionMessage,
  type SigningKey as SigningKeyMessage,
  type User as UserMessage,
} from '@frontdesk/contracts'
import type { LoggedIn } from '../app/log-in.ts'
import type { NewInvitation } from '../app/ports.ts'
import type { ClientKind } from '../domain/session.ts'
import type { SigningKey } from '../domain/signing-key.ts'
import type { User } from '../domain/user.ts'

const clientKinds: Readonly<Partial<Record<ClientKindMessage, ClientKind>>> = {
  [ClientKindMessage.CLI]: 'cli',
  [ClientKindMessage.CONSOLE]: 'console',
  [ClientKindMessage.MCP]: 'mcp',
}

/** @throws FrontdeskError invalid_argument. */
export function fromClientKindMessage(message: ClientKindMessage): ClientKind {
  const kind = clientKinds[message]
  if (!kind) throw invalidArgument('client: say what logs in')
  return kind
}

/** `host:port` without its port, which changes with each connection. */
export function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '')
}

/** @throws FrontdeskError invalid_argument. */
export function fromUserId(text: string): string {
  if (!/^usr_[0-9a-z]{26}$/.test(text)) throw invalidArgument('user_id: give a user’s id (usr_…)')
  return text
}

export function toUserMessage({ id: userId, companyIds, ...rest }: User): UserMessage {
  return { ...rest, userId, companyIds: [...companyIds] }
}

export function toSessionMessage({ session, token, user }: LoggedIn): SessionMessage {
  const { expiresAt, secondFactor } = session
  return { sessionToken: token, expiresAt, secondFactor, user: toUserMessage(user) }
}

export function toInvitationMessage({ token, expiresAt }: NewInvitation): InvitationMessage {
  return { invitationToken: token, expiresAt }
}

export function toSigningKeyMessage({ kid, signsFrom, verifiesUntil }: SigningKey): SigningKeyMessage {
  return { kid, signsFrom, verifiesUntil }
}
