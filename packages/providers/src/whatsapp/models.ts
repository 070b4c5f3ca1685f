import { MessageDeliveryStatus, type MessageParty } from '@frontdesk/contracts'
import { memberOf } from '../json.ts'
import { type Model, model, unmodelled } from '../normalized-event.ts'
import { fit, identifier, kindName, readAs, text } from '../schema.ts'
import { accountModelOf, idChanged, systemModelOf } from './account-models.ts'
import { contentOf, failureOf, partyOf } from './content.ts'
import type { Part } from './parts.ts'
import { message, metaKey, ourNumber, phone, status, statusNames, unmodelledStatus, type WhatsappStatus } from './schema.ts'

const statuses = {
  sent: MessageDeliveryStatus.SENT,
  delivered: MessageDeliveryStatus.DELIVERED,
  read: MessageDeliveryStatus.READ,
  failed: MessageDeliveryStatus.FAILED,
} as const

/** How each part of one request becomes a payload. */
export function createModels(): (part: Part) => Model {
  const namesByChange = new Map<unknown, Names>()

  function namesOf(change: unknown): Names {
    const known = namesByChange.get(change) ?? readNames(memberOf(change, 'value', 'contacts'))
    namesByChange.set(change, known)
    return known
  }

  return (part) => {
    if (part.what === 'other') return accountModelOf(part)
    if (part.what === 'identity') return idChanged(part)
    const named = memberOf(part.json, part.what === 'message' ? 'type' : 'status')
    // WhatsApp's own notes on a person's account stand among the messages; nobody wrote them.
    if (part.what === 'message' && named === 'system') return systemModelOf(part)
    if (part.what === 'status' && isOtherStatus(named)) return unmodelled(unmodelledStatus)
    return aboutOurNumber(part, (ids) => (part.what === 'message' ? received(ids, namesOf(part.change)) : statusChanged(ids)))
  }
}

function isOtherStatus(named: unknown): boolean {
  return readAs(kindName, named) !== undefined && !statusNames.some((name) => name === named)
}

/** Whoever answers needs our number, so that without it the message does not fit, whatever else it says. */
function aboutOurNumber({ entry, change }: Part, modelFor: (ids: Ids) => Model): Model {
  return (json, source, at) => {
    const ours = fit(ourNumber, memberOf(change, 'value'), at.slice(0, -2))
    if (!ours.ok) return ours
    const phoneNumberId = ours.value.metadata.phone_number_id
    const businessAccountId = readAs(identifier, memberOf(entry, 'id')) ?? ''
    return modelFor({ phoneNumberId, businessAccountId })(json, source, at)
  }
}

interface Ids {
  readonly phoneNumberId: string
  readonly businessAccountId: string
}

function received(ids: Ids, names: Names): Model {
  return model('frontdesk.message.received.v1', message, (read, source) => ({
    source,
    providerMessageId: read.id,
    ...ids,
    sender: { ...partyOf(read.from, read.from_user_id), name: names.get(read.from ?? '') ?? names.get(read.from_user_id ?? '') ?? '' },
    sentAt: read.timestamp,
    kind: read.type,
    ...contentOf(read),
  }))
}

function statusChanged(ids: Ids): Model {
  return model('frontdesk.message.status_changed.v1', status, (read, source) => ({
    source,
    providerMessageId: read.id,
    ...ids,
    recipient: recipientOf(read),
    status: statuses[read.status],
    changedAt: read.timestamp,
    reference: read.biz_opaque_callback_data ?? '',
    failure: read.status === 'failed' ? failureOf(read.errors) : undefined,
  }))
}

/** Names by number in E.164 and by the id within the business; a contact that does not fit is no reason to lose a message. */
type Names = ReadonlyMap<string, string>

function readNames(contacts: unknown): Names {
  const names = new Map<string, string>()
  for (const contact of Array.isArray(contacts) ? contacts : []) {
    const name = readAs(text(1_020), memberOf(contact, 'profile', 'name'))
    if (!name) continue
    for (const key of [readAs(phone, memberOf(contact, 'wa_id')), readAs(metaKey, memberOf(contact, 'user_id'))]) {
      if (key) names.set(key, name)
    }
  }
  return names
}

function recipientOf({ recipient_id, recipient_user_id }: WhatsappStatus): MessageParty | undefined {
  return recipient_id || recipient_user_id ? partyOf(recipient_id, recipient_user_id) : undefined
}
