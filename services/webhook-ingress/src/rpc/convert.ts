import {
  isEventType,
  type Delivery as DeliveryMessage,
  type LedgerEvent,
  type ListEventsRequest,
  type ListRefusalsRequest,
  VerifyingSecret,
} from '@frontdesk/contracts'
import { isStorableInstant, unknownPageToken } from '@frontdesk/database'
import { invalidArgument } from '@frontdesk/errors'
import { pageSizeOf } from '@frontdesk/rpc'
import type { LedgerEntry, LedgerFilter, RefusalQuery } from '../app/ports.ts'
import { isConnectionId, type Delivery, type VerifiedBy } from '../domain/delivery.ts'

const secrets = { current: VerifyingSecret.CURRENT, previous: VerifyingSecret.PREVIOUS } as const satisfies Record<
  VerifiedBy,
  VerifyingSecret
>

export function toLedgerEvent({ type, connectionId, verifiedBy, ...entry }: LedgerEntry): LedgerEvent {
  return {
    ...entry,
    eventType: type,
    connectionId: connectionId ?? '',
    verifiedBy: verifiedBy ? secrets[verifiedBy] : VerifyingSecret.UNSPECIFIED,
  }
}

export function toDelivery({ id, provider, connectionId, receivedAt, headers, rawBody }: Delivery): DeliveryMessage {
  return { deliveryId: id, provider, connectionId: connectionId ?? '', receivedAt, headers: { ...headers }, body: rawBody }
}

const namePattern = /^[a-z][a-z0-9_-]{0,39}$/

/** @throws FrontdeskError invalid_argument that names the field. */
export function fromRefusalsRequest(request: ListRefusalsRequest): RefusalQuery {
  const { provider, connectionId, code, pageToken } = request
  const refusedFrom = fromInstant('refused_from', request.refusedFrom)
  const refusedUntil = fromInstant('refused_until', request.refusedUntil)
  if (provider && !namePattern.test(provider)) throw invalidArgument('provider: a provider’s name, such as retell.')
  if (code && !namePattern.test(code)) throw invalidArgument('code: an error’s code, such as signature_invalid.')
  // Of a path it can be anything, and is kept up to 40 characters.
  if (connectionId.length > 40) throw invalidArgument('connection_id: at most 40 characters.')
  if (refusedFrom && refusedUntil && refusedFrom >= refusedUntil) throw invalidArgument('refused_until: an instant after refused_from.')
  if (pageToken && !/^\d{1,15}\.\d{1,19}$/.test(pageToken)) throw unknownPageToken()
  return {
    provider: provider || undefined,
    connectionId: connectionId || undefined,
    code: code || undefined,
    refusedFrom,
    refusedUntil,
    limit: pageSizeOf(request.pageSize),
    pageToken,
  }
}

/** @throws FrontdeskError invalid_argument. */
export function fromEventsToken(token: string): string {
  if (token && !/^\d{1,15}\.[0-9a-f]{64}$/.test(token)) throw unknownPageToken()
  return token
}

type FilterMessage = Pick<
  ListEventsRequest,
  'provider' | 'eventType' | 'eventTypes' | 'entityId' | 'connectionId' | 'receivedFrom' | 'receivedUntil'
>

const typesMax = 32
/** As long as the column that it is compared with. */
const entityIdBytesMax = 255

/** @throws FrontdeskError invalid_argument that names the field. */
export function fromFilter(message: FilterMessage): LedgerFilter {
  const { provider, eventType, eventTypes, entityId, connectionId } = message
  const receivedFrom = fromInstant('received_from', message.receivedFrom)
  const receivedUntil = fromInstant('received_until', message.receivedUntil)
  const types = [...(eventType ? [eventType] : []), ...eventTypes]
  if (provider && !/^[a-z][a-z0-9_-]{0,31}$/.test(provider)) throw invalidArgument('provider: a provider’s name, such as retell.')
  if (types.length > typesMax) throw invalidArgument(`event_types: at most ${typesMax}.`)
  if (!types.every(isEventType)) throw invalidArgument('event_types: one is not in the catalogue; give such as frontdesk.call.ended.v1.')
  if (Buffer.byteLength(entityId) > entityIdBytesMax) throw invalidArgument(`entity_id: at most ${entityIdBytesMax} bytes.`)
  if (connectionId && !isConnectionId(connectionId)) throw invalidArgument('connection_id: a connection’s id (con_…).')
  if (receivedFrom && receivedUntil && receivedFrom >= receivedUntil) {
    throw invalidArgument('received_until: an instant after received_from.')
  }
  return {
    provider: provider || undefined,
    types,
    entityId: entityId || undefined,
    connectionId: connectionId || undefined,
    receivedFrom,
    receivedUntil,
  }
}

/** @throws FrontdeskError invalid_argument for one that the database can't hold. */
function fromInstant(field: string, instant: Date | undefined): Date | undefined {
  if (instant && !isStorableInstant(instant)) throw invalidArgument(`${field}: an instant from the years 1970 to 9999.`)
  return instant
}
