import type { Delivery as DeliveryMessage, LedgerEvent } from '@frontdesk/contracts'
import type { LedgerEntry } from '../app/ports.ts'
import type { Delivery } from '../domain/delivery.ts'

export function toLedgerEvent({ type, connectionId, ...entry }: LedgerEntry): LedgerEvent {
  return { ...entry, eventType: type, connectionId: connectionId ?? '' }
}

export function toDelivery({ id, provider, connectionId, receivedAt, headers, rawBody }: Delivery): DeliveryMessage {
  return { deliveryId: id, provider, connectionId: connectionId ?? '', receivedAt, headers: { ...headers }, body: rawBody }
}
