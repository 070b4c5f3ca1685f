import { connectBus, ensureDurable } from '@frontdesk/bus'
import type { EventType } from '@frontdesk/contracts'
import { createTelemetry } from '@frontdesk/telemetry'
import type { Telemetry } from '@frontdesk/telemetry'
import { durablesOf } from './durables.ts'

/** For which subscriber an operator makes durables; company, types and name as the subscriber itself gives them. */
export interface PrepareOptions {
  /** With a user that may make consumers. */
  readonly servers: string
  readonly company: string
  readonly types: readonly EventType[]
  readonly name: string
  readonly telemetry?: Telemetry
}

/**
 * Makes a subscriber's two durables, so that it needs no right to make any; what is there is only compared.
 * @throws FrontdeskError `failed_precondition` if one means something else, `unavailable` without a broker.
 */
export async function prepareSubscriber({ servers, company, types, name, telemetry }: PrepareOptions): Promise<void> {
  const { live, bulk } = durablesOf(name, company, types)
  await using stack = new AsyncDisposableStack()
  const used = telemetry ?? stack.use(createTelemetry({ service: 'prepare-subscriber' }))
  const bus = stack.use(connectBus({ servers, name: 'operator', telemetry: used }))
  await Promise.all([ensureDurable(bus, live), ensureDurable(bus, bulk)])
}
