import type { Delivery } from '../domain/delivery.ts'
import type { deliveries } from './schema/deliveries.ts'

/** A kept delivery, as its row has it. */
export function toDelivery({ deliveryId, connectionId, body, ...rest }: typeof deliveries.$inferSelect): Delivery {
  return { ...rest, id: deliveryId, connectionId: connectionId ?? undefined, rawBody: Buffer.from(body) }
}
