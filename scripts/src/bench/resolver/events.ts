import type { OutgoingMessage } from '@frontdesk/bus'
import { ingressSubject, newId } from '@frontdesk/contracts'
import { providers } from '@frontdesk/providers'
import { retellWebhook } from '@frontdesk/providers/testing'
import type { DemoCompany } from '../../stack/manifest.ts'

const kinds = ['call_started', 'call_ended', 'call_analyzed'] as const
/** One event in so many names nobody. */
const unknownEvery = 50

/** Events as the ingress publishes them: each call starts, ends and is analyzed; the companies take turns. */
export function ingressEvents(run: string, count: number, companies: readonly DemoCompany[]): OutgoingMessage[] {
  return Array.from({ length: count }, (_, n) => {
    const company = companies[n % companies.length]
    const isUnknown = n % unknownEvery === 0
    const call = {
      call_id: `call_${run}_${Math.floor(n / kinds.length)}`,
      agent_id: isUnknown ? `agent_nobody_${n}` : company?.retellAgentIds[0],
      direction: 'inbound',
      to_number: isUnknown ? '+15005550006' : company?.phoneNumbers[0],
    }
    const { body } = retellWebhook(kinds[n % kinds.length] ?? 'call_ended', { call })
    const delivery = { deliveryId: newId('dlv'), connectionId: undefined, receivedAt: new Date(), headers: {} }
    const [event] = providers.retell.normalize(body, delivery)
    if (!event) throw new Error('a Retell webhook is one event')
    const { id, type, entityId, occurredAt } = event
    const envelope = { id, revision: 1, type, source: 'frontdesk/bench', subject: entityId, time: occurredAt, correlationId: id }
    return { subject: ingressSubject('retell', type), body: event.body, envelope }
  })
}
