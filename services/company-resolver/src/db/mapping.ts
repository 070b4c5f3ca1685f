import { deriveEventId, type EventId } from '@frontdesk/contracts'
import type { KeptAttribution, ListedAttribution } from '../app/ports.ts'
import type { Branch } from '../domain/branch.ts'
import type { Company } from '../domain/company.ts'
import type { Connection } from '../domain/connection.ts'
import type { Decision } from '../domain/decide.ts'
import type { Entity } from '../domain/entity.ts'
import type { PhoneNumber } from '../domain/phone-number.ts'
import type { Signal, SignalOrigin } from '../domain/signal.ts'
import type { attributions } from './schema/attributions.ts'
import type { branches } from './schema/branches.ts'
import type { companies } from './schema/companies.ts'
import { connections } from './schema/connections.ts'
import type { phoneNumbers } from './schema/phone-numbers.ts'
import type { signals } from './schema/signals.ts'

export function toCompany(row: typeof companies.$inferSelect): Company {
  const { companyId: id, name, timeZone, createdAt, deactivatedAt } = row
  return { id, name, timeZone, createdAt, deactivatedAt: deactivatedAt ?? undefined }
}

export function toBranch(row: typeof branches.$inferSelect): Branch {
  const { branchId: id, deactivatedAt, ...rest } = row
  return { id, ...rest, deactivatedAt: deactivatedAt ?? undefined }
}

export function toConnection(
  row: Pick<typeof connections.$inferSelect, 'companyId' | 'connectionId' | 'provider' | 'secretVersion' | 'createdAt' | 'deactivatedAt'>,
): Connection {
  const { connectionId: id, companyId, provider, secretVersion, createdAt, deactivatedAt } = row
  return { id, companyId, provider, secretVersion, createdAt: createdAt ?? undefined, deactivatedAt: deactivatedAt ?? undefined }
}

export function toPhoneNumber(row: typeof phoneNumbers.$inferSelect): PhoneNumber {
  const { phoneNumberId: id, companyId, branchId, number, validFrom, validUntil } = row
  return {
    id,
    companyId,
    branchId: branchId ?? undefined,
    number,
    validFrom: validFrom ?? undefined,
    validUntil: validUntil ?? undefined,
  }
}

export function toPhoneNumberRow({ id: phoneNumberId, branchId, validFrom, validUntil, ...rest }: PhoneNumber) {
  return { phoneNumberId, ...rest, branchId: branchId ?? null, validFrom: validFrom ?? null, validUntil: validUntil ?? null }
}

export function toSignal(row: typeof signals.$inferSelect): Signal {
  const { signalId: id, companyId, kind, value, validFrom, validUntil } = row
  return { id, companyId, kind, value, validFrom: validFrom ?? undefined, validUntil: validUntil ?? undefined, origin: originOf(row) }
}

function originOf({ connectionId, phoneNumberId }: typeof signals.$inferSelect): SignalOrigin | undefined {
  if (connectionId !== null) return { connectionId }
  return phoneNumberId === null ? undefined : { phoneNumberId }
}

export function toSignalRow(companyId: string, { id: signalId, kind, value, validFrom, validUntil, origin }: Signal) {
  return { companyId, signalId, kind, value, validFrom: validFrom ?? null, validUntil: validUntil ?? null, ...origin }
}

export function toKeptAttribution(row: typeof attributions.$inferSelect): KeptAttribution {
  const { waterfall, candidates, nonePosterior, modelVersion, directoryVersion, asOf } = row
  return { ...toListedAttribution(row), waterfall, candidates, nonePosterior, modelVersion, directoryVersion, asOf }
}

export function toListedAttribution(row: ListedRow): ListedAttribution {
  const { sequence, eventId, revision, eventType, source, decidedAt } = row
  return { sequence, decidedAt, event: { eventId, revision, eventType, source }, decision: toDecision(row) }
}

type ListedRow = Omit<
  typeof attributions.$inferSelect,
  'waterfall' | 'candidates' | 'nonePosterior' | 'modelVersion' | 'directoryVersion' | 'asOf'
>

function toDecision({ companyId, confidence, reason, details, ...person }: ListedRow): Decision {
  if (companyId !== null && confidence !== null) {
    const { releasedBy: by, releasedAt: at, releasedFrom } = person
    return { kind: 'attributed', companyId, confidence, ...(by !== null && at && { release: { by, at, from: releasedFrom ?? undefined } }) }
  }
  if (reason !== null) {
    const { discardedBy: by, discardedAt: at, discardNote } = person
    return { kind: 'quarantined', reason, details, ...(by !== null && at && { discard: { by, at, note: discardNote ?? '' } }) }
  }
  throw new TypeError('an attribution has neither a company nor a reason')
}

/** The columns that the vault seals; a rotation of keys goes through all of them. */
export const sealedColumns = { currentSecret: connections.currentSecret, previousSecret: connections.previousSecret }

/** Where a sealed secret stands: moved to another row, column or company, it no longer opens. */
export function secretPlace(column: 'current_secret' | 'previous_secret', connectionId: string) {
  return { table: 'connections', column, row: connectionId }
}

/** The key of an entity's row: 32 bytes by the same length-prefixed SHA-256 as an event's id. */
export function entityRowKey({ provider, scope, type, id }: Entity): EventId {
  return deriveEventId([provider, scope, type, id])
}
