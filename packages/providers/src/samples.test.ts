import { decodePayload, type ProviderEventReceived } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { providers, type NormalizedEvent, type ProviderName } from './index.ts'
import { liveSamples } from './samples.ts'
import type { LiveSamples, SampleCompany } from './samples.ts'

const now = new Date('2027-03-01T12:00:00Z')
const secret = `whsec_${'c2VjcmV0'.repeat(6)}`
const company: SampleCompany = {
  companyId: 'cmp_01h455vb4pex5vsknk084sn02q',
  phoneNumber: '+493055555555',
  agentId: 'agent_ours',
  eventTypeId: 77,
  organizerEmail: 'us@example.com',
  whatsapp: { wabaId: '111', phoneNumberId: '222' },
  stripeCustomerId: 'cus_ours',
}
const offered = Object.entries(liveSamples) as [ProviderName, LiveSamples][]
const each = offered.flatMap(([name, { events }]) => events.map((event) => [name, event] as const))

function eventsOf(name: ProviderName, event: string, nonce: string): NormalizedEvent[] {
  const samples = liveSamples[name]
  const rawBody = Buffer.from(JSON.stringify(samples.body(event, company, { happenedAt: now, nonce })))
  const headers = samples.sign(rawBody, secret, { now, nonce })
  providers[name].verify({ headers, rawBody }, [secret], now)
  const connectionId = samples.secret === 'connection' ? 'con_1' : undefined
  return providers[name].normalize(rawBody, { deliveryId: 'dlv_1', connectionId, receivedAt: now, headers })
}

test.for(each)('%s %s verifies, fits its schema, and is another event with another nonce', ([name, event]) => {
  const [one, ...more] = eventsOf(name, event, '0123456789abcdef')
  expect(more).toEqual([])
  if (one?.type === 'frontdesk.provider_event.received.v1') {
    const { schemaViolations }: ProviderEventReceived = decodePayload(one.type, one.body)
    expect(schemaViolations).toEqual([])
  }
  // What has nothing of its own but its time is another at another time.
  if (/^(?:message_template|account_update|user_id|FORM_|PING)/.test(event)) return
  expect(eventsOf(name, event, 'fedcba9876543210')[0]?.id).not.toBe(one?.id)
})

test.for([
  ['retell', 'call_analyzed', ['+493055555555', 'agent_ours']],
  ['calcom', 'BOOKING_CREATED', ['us@example.com', '77']],
  ['stripe', 'invoice.paid', ['cus_ours', company.companyId]],
  ['stripe', 'customer.updated', ['cus_ours']],
  ['whatsapp', 'text', ['111', '222']],
] as const)('%s %s names the company by what the provider knows of it', ([name, event, values]) => {
  const [{ body } = { body: Buffer.from('{}') }] = eventsOf(name, event, '0123456789abcdef')
  const { source } = JSON.parse(Buffer.from(body).toString()) as { source: { evidence: { value: string }[] } }
  expect(source.evidence.map(({ value }) => value)).toEqual(expect.arrayContaining([...values]))
})

test('a sample has happened now, and a booking is ahead', () => {
  const [call] = eventsOf('retell', 'call_ended', 'aa')
  expect(call?.occurredAt).toEqual(now)
  const meeting = liveSamples.calcom.body('MEETING_ENDED', {}, { happenedAt: now, nonce: '0123456789abcdef' })
  const [startMs, endMs] = [meeting['startTime'], meeting['endTime']].map((time) => Date.parse(typeof time === 'string' ? time : ''))
  expect(startMs).toBeGreaterThan(now.getTime())
  expect((endMs ?? 0) - (startMs ?? 0)).toBe(45 * 60_000)
})
