import { catalogue, durables } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'

const namePattern = /^[a-z][a-z0-9-]{1,39}$/
/** What our processes call their connections and durables, and with them their reply subjects. */
const ours: ReadonlySet<string> = new Set([
  'operator',
  ...Object.values(catalogue).map(({ owner }) => owner),
  ...durables.map(({ name }) => name),
])

/**
 * Refuses a name that is none, or that would share a durable or reply subjects with us or with another subscriber.
 * @throws FrontdeskError `invalid_argument`.
 */
export function checkSubscriberName(name: string): void {
  if (!namePattern.test(name))
    throw invalidArgument('The name must be 2 to 40 characters of a to z, 0 to 9 and -, and begin with a letter.')
  // `<name>-bulk` and `<name>-probe` are consumers of the subscriber <name>; frontdesk-… are our tools.
  if (ours.has(name) || /^frontdesk(-|$)|-(bulk|probe)$/.test(name))
    throw invalidArgument(`The name ${name} is taken, or kept for a consumer or a connection of Frontdesk's own.`)
}
