import type { Delivery, LedgerEvent } from '@frontdesk/contracts'
import type { DeliveryRow, LedgerEventRow } from '../db/ledger-reader.ts'

export function toLedgerEvent(row: LedgerEventRow): LedgerEvent {
  return {
    eventId: row.eventId,
    deliveryId: row.deliveryId,
    provider: row.provider,
    connectionId: row.connectionId ?? '',
    eventType: row.type,
    entityId: row.entityId,
    receivedAt: row.receivedAt,
  }
}

export function toDelivery(row: DeliveryRow): Delivery {
  return {
    deliveryId: row.deliveryId,
    provider: row.provider,
    connectionId: row.connectionId ?? '',
    receivedAt: row.receivedAt,
    headers: row.headers,
    body: Buffer.from(row.body),
  }
}
