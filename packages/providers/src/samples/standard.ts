import { standardDefaults } from '../standard/samples.ts'
import { signStandard } from '../standard/signature.ts'
import { replaceMembers, type LiveSamples } from './live-sample.ts'

export const standardSamples: LiveSamples = {
  secret: 'connection',
  events: ['contact.created', 'contact.updated', 'order.paid', 'order.cancelled'],
  body(event, _company, { happenedAt, nonce }) {
    return replaceMembers(standardDefaults(event), (name, value) => {
      if (name === 'timestamp') return happenedAt.toISOString()
      return name === 'id' ? `${event.split('.', 1)[0]}_${nonce}` : value
    })
  },
  sign: (body, secret, { now, nonce }) => signStandard(body, secret, { id: `msg_${nonce}`, timestampMs: now.getTime() }),
}
