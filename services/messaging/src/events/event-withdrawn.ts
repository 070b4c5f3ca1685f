import type { PayloadOf } from '@frontdesk/contracts'
import type { Mail } from '../app/apply-mail.ts'

/** What `frontdesk.event.withdrawn.v1` takes out of the mailbox: a message that was written to somebody else. */
export function onEventWithdrawn({ eventId, eventType, source }: PayloadOf<'frontdesk.event.withdrawn.v1'>, at: Date): Mail | undefined {
  if (eventType !== 'frontdesk.message.received.v1' || !source?.entityId) return undefined
  return { kind: 'withdrawn', providerMessageId: source.entityId, eventId, at }
}
