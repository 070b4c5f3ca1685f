import type { Bus } from './bus.ts'
import { linkOf } from './bus.ts'

/** The version of the broker that the bus is connected to; undefined while it is to none. */
export function brokerVersion(bus: Bus): string | undefined {
  return linkOf(bus).session()?.connection.info?.version
}
