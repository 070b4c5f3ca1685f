import { memberOf } from '../json.ts'
import { type Model, model, unmodelled } from '../normalized-event.ts'
import { identifier, readAs } from '../schema.ts'
import { partyOf } from './content.ts'
import type { Part } from './parts.ts'
import { accountUpdate, changedId, changedPerson, templateUpdate, unmodelledMessage } from './schema.ts'

/** A change that is neither message nor status: of a template, of the account, or one that we do not model. */
export function accountModelOf(part: Part): Model {
  // A part of a change, or a whole that can't be walked, is none of them.
  if (part.json !== part.change) return unmodelled(part.schema)
  switch (memberOf(part.change, 'field')) {
    case 'message_template_status_update':
      return templateChanged(part)
    case 'account_update':
      return accountUpdated(part)
    default:
      return unmodelled(part.schema)
  }
}

function templateChanged({ entry }: Part): Model {
  return model('frontdesk.template.status_changed.v1', templateUpdate, ({ value }, source) => ({
    source,
    businessAccountId: accountOf(entry),
    providerTemplateId: value.message_template_id,
    name: value.message_template_name ?? '',
    language: value.message_template_language ?? '',
    status: value.event,
    // Meta writes that there is none as a word.
    reason: value.reason === 'NONE' ? '' : (value.reason ?? ''),
    category: value.message_template_category ?? '',
  }))
}

function accountUpdated({ entry }: Part): Model {
  return model('frontdesk.messaging_account.updated.v1', accountUpdate, ({ value }, source) => ({
    source,
    businessAccountId: accountOf(entry),
    event: value.event,
    phoneNumber: value.phone_number ?? '',
    violation: value.violation_info?.violation_type ?? '',
    banState: value.ban_info?.waba_ban_state ?? '',
    restrictions: (value.restriction_info ?? []).flatMap(({ restriction_type }) => restriction_type ?? []),
  }))
}

const changedPersonKinds: ReadonlySet<unknown> = new Set(['user_changed_number', 'customer_changed_number', 'user_changed_user_id'])

/** A note among the messages: that a person changed, or one that we do not model. */
export function systemModelOf({ json, entry, change }: Part): Model {
  if (!changedPersonKinds.has(memberOf(json, 'system', 'type'))) return unmodelled(unmodelledMessage)
  return model('frontdesk.contact.id_changed.v1', changedPerson, ({ from, from_user_id, system }, source) => ({
    source,
    ...idsOf(entry, change),
    previous: partyOf(from, system.previous_user_id ?? from_user_id),
    current: partyOf(system.wa_id || system.new_wa_id, system.user_id),
  }))
}

/** One change of a person's id, which is scoped to the business. */
export function idChanged({ entry, change }: Part): Model {
  return model('frontdesk.contact.id_changed.v1', changedId, ({ user_id, wa_id }, source) => ({
    source,
    ...idsOf(entry, change),
    previous: partyOf(undefined, user_id.previous),
    current: partyOf(wa_id, user_id.current),
  }))
}

function idsOf(entry: unknown, change: unknown) {
  return {
    phoneNumberId: readAs(identifier, memberOf(change, 'value', 'metadata', 'phone_number_id')) ?? '',
    businessAccountId: accountOf(entry),
  }
}

function accountOf(entry: unknown): string {
  return readAs(identifier, memberOf(entry, 'id')) ?? ''
}
