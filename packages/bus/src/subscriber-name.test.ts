import { expect, test } from 'vitest'
import { subscriberPermissions } from './permissions.ts'
import { checkSubscriberName } from './subscriber-name.ts'

const company = 'cmp_01h455vb4pex5vsknk084sn02q'

test.each([
  ['of one of our durables', 'booking'],
  ['of a service that has no durable, but replies', 'webhook-ingress'],
  ['of our operator', 'operator'],
  ['of our command line', 'frontdesk-cli'],
  ['of all that is ours', 'frontdesk'],
  ['of another subscriber’s bulk durable', 'acme-bulk'],
  ['of another subscriber’s probe', 'acme-probe'],
  ['with a wildcard', 'ac*e'],
  ['of several tokens', 'ac.me'],
  ['of one character', 'a'],
  ['that begins with a digit', '1acme'],
])('a subscriber can not have the name %s: %s', (_, name) => {
  expect(() => subscriberPermissions({ name, company })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
})

test.each(['acme', 'acme-2', 'bulk-mail', 'probes', 'frontdesks'])('%s is a name', (name) => {
  expect(() => checkSubscriberName(name)).not.toThrow()
})

test('the permissions are of one company, by its id', () => {
  expect(() => subscriberPermissions({ name: 'acme', company: '*' })).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
})
