import type { DurableSpec } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { ConsumerConfig } from '@nats-io/jetstream'
import type { Bus } from './bus.ts'
import { differencesOf, durableConfig, isTolerable } from './desired-config.ts'
import { undefinedIfMissing } from './not-found.ts'

/** A durable that is not of the contracts: who consumes with it makes it. */
export type OwnDurable = Omit<DurableSpec, 'service'>

/**
 * Makes the durable if there is none, and tells whether it did; one that is there is only compared.
 * @throws FrontdeskError `failed_precondition` naming what differs; `unavailable` without a broker.
 */
export async function ensureDurable(bus: Bus, spec: OwnDurable): Promise<'created' | 'found'> {
  const manager = await bus.manager()
  const wanted = configOf(spec)
  const found = await undefinedIfMissing(manager.consumers.info(spec.stream, spec.name))
  if (!found) {
    await manager.consumers.add(spec.stream, wanted)
    return 'created'
  }
  const differences = differencesOf(found.config, wanted).filter((difference) => !isTolerable(difference))
  if (differences.length === 0) return 'found'
  const said = differences.map(({ field, found: is, wanted: wants }) => `${field} is ${JSON.stringify(is)}, not ${JSON.stringify(wants)}`)
  throw new FrontdeskError('failed_precondition', {
    publicMessage: `The durable ${spec.stream}/${spec.name} is there and means something else: ${said.join('; ')}. Choose another name, or delete it.`,
  })
}

/** Makes a durable anew, from the stream's first message on, with the limits that an operator gave it; also one that is missing. */
export async function recreateDurable(bus: Bus, spec: OwnDurable): Promise<void> {
  const manager = await bus.manager()
  const found = await undefinedIfMissing(manager.consumers.info(spec.stream, spec.name))
  await undefinedIfMissing(manager.consumers.delete(spec.stream, spec.name))
  await manager.consumers.add(spec.stream, { ...configOf(spec), ...limitsOf(found?.config) })
}

function limitsOf({ ack_wait: ackWait, max_ack_pending: maxAckPending }: Partial<ConsumerConfig> = {}): Partial<ConsumerConfig> {
  return { ...(ackWait !== undefined && { ack_wait: ackWait }), ...(maxAckPending !== undefined && { max_ack_pending: maxAckPending }) }
}

/** One filter in the field of its own: only then is it in the request's subject, where the broker's permissions see it. */
function configOf(spec: OwnDurable): Partial<ConsumerConfig> {
  const { filter_subjects: filters, ...rest } = durableConfig(spec)
  const [only, ...others] = filters
  return only !== undefined && others.length === 0 ? { ...rest, filter_subject: only } : { ...rest, filter_subjects: filters }
}
