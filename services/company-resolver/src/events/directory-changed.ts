import { companySubject, deriveEventId, encodePayload, type EventType, type PayloadOf, vouchForCompanyId } from '@frontdesk/contracts'
import type { NewEvent } from '@frontdesk/outbox'
import { actionOf, companyIdOf, type DirectoryChange } from '../domain/directory-change.ts'
import { evidenceKindMessages } from '../wire/names.ts'

interface Told {
  readonly type: EventType
  readonly body: Uint8Array
  /** Its place in the order of the thing's changes. */
  readonly version: bigint
}

/** What tells of a change of the directory; none says anything of a secret. */
export function directoryChanged(change: DirectoryChange, told: { readonly version: bigint; readonly at: Date }): NewEvent {
  const { type, body, version } = toldOf(change, told.version)
  // The directory itself names the company.
  const companyId = vouchForCompanyId(companyIdOf(change))
  const id = deriveEventId(['frontdesk/company-resolver', companyId, change.after.id, type, String(version)])
  return {
    id,
    revision: 1,
    type,
    subject: companySubject(companyId, type),
    entityId: change.after.id,
    body,
    occurredAt: told.at,
    companyId,
    correlationId: id,
  }
}

function toldOf(change: DirectoryChange, directoryVersion: bigint): Told {
  const tell = <Type extends EventType>(type: Type, payload: PayloadOf<Type>, version = directoryVersion): Told => ({
    type,
    body: encodePayload(type, payload),
    version,
  })
  switch (change.kind) {
    case 'company': {
      const { id: companyId, name, timeZone, deactivatedAt } = change.after
      return tell(`frontdesk.${actionOf(change)}.v1`, { company: { companyId, name, timeZone, deactivatedAt }, directoryVersion })
    }
    case 'branch': {
      const { id: branchId, name, timeZone, deactivatedAt } = change.after
      return tell(`frontdesk.${actionOf(change)}.v1`, { branch: { branchId, name, timeZone, deactivatedAt }, directoryVersion })
    }
    case 'phone_number': {
      const { id: phoneNumberId, branchId = '', number, validFrom, validUntil } = change.after
      return tell(`frontdesk.${actionOf(change)}.v1`, {
        phoneNumber: { phoneNumberId, branchId, number, validFrom, validUntil },
        directoryVersion,
      })
    }
    case 'signal': {
      const { id: signalId, value, validFrom, validUntil } = change.after
      const kind = evidenceKindMessages[change.after.kind]
      return tell(`frontdesk.${actionOf(change)}.v1`, { signal: { signalId, kind, value, validFrom, validUntil }, directoryVersion })
    }
    case 'connection': {
      // The ingress, which hears of it, reads the secrets anew at once instead of with its next poll.
      const { id: connectionId, provider, deactivatedAt } = change.after
      return tell('frontdesk.connection.changed.v1', { connectionId, provider, version: change.version, deactivatedAt }, change.version)
    }
    default:
      return change satisfies never
  }
}
