import { HandledEvent, ProducedEvent } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { eventId, acme, at, event, attributed } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()

test('events show shows the event, and the delivery only when asked', async () => {
  const cli = await operator({
    ledger: {
      getEvent: (request) => Promise.resolve({ event: { ...event, eventId: request.eventId } }),
      getDelivery: ({ deliveryId }) =>
        Promise.resolve({
          delivery: { deliveryId, headers: { 'content-type': 'application/json' }, body: Buffer.from('{"a":"\u001b[2J"}') },
        }),
    },
  })
  const { code, out } = await cli('events', 'show', eventId.toUpperCase())
  expect([code, out]).toEqual([0, expect.stringMatching(/Event +(ab){32}\nType +frontdesk\.call\.ended\.v1/)])
  expect(out).not.toContain('Body')
  const withBody = await cli('events', 'show', eventId, '--delivery')
  expect(withBody.out).toContain('content-type  application/json')
  // What a terminal would obey is not printed.
  expect(withBody.out).toContain('{"a":"\u{fffd}[2J"}')
  expect(JSON.parse((await cli('events', 'show', eventId, '--delivery', '--json')).out)).toMatchObject({
    event: { eventId },
    delivery: { deliveryId: 'dlv_1' },
  })
})

test('events show tells the event’s way through all services, the earliest step first, and who could not be asked', async () => {
  const message = 'cd'.repeat(32)
  const after = (ms: number) => new Date(at.getTime() + ms)
  const published = (id: string, eventType: string, subject: string, ms: number) =>
    ProducedEvent.fromPartial({
      eventId: id,
      revision: 1,
      eventType,
      subject,
      correlationId: eventId,
      createdAt: after(ms - 1),
      publishedAt: after(ms),
      stream: 'COMPANY',
      streamSequence: 7n,
    })
  const handled = (id: string, eventType: string, ms: number) =>
    HandledEvent.fromPartial({ handler: 'h', eventId: id, revision: 1, eventType, outcome: 'done', attempts: 1, handledAt: after(ms) })
  const asked: string[] = []
  const cli = await operator({
    ledger: { getEvent: () => Promise.resolve({ event }) },
    attribution: { getAttribution: () => Promise.resolve({ attribution: attributed }) },
    timeline: (service, { eventIds }) => {
      if (service === 'billing' || service === 'messaging') throw new FrontdeskError('permission_denied', { publicMessage: 'not yours' })
      asked.push(...eventIds.map((id) => `${service} ${id}`))
      const first = eventIds.includes(eventId)
      if (service === 'webhook-ingress')
        return { produced: first ? [published(eventId, event.eventType, 'ingress.retell.call.ended', 4)] : [] }
      if (service === 'company-resolver') return { handled: first ? [handled(eventId, event.eventType, 9)] : [] }
      if (first) return { produced: [published(message, 'frontdesk.appointment.confirmed.v1', 'company.x.appointment.confirmed', 20)] }
      const dead = { outcome: 'dead', attempts: 8, error: 'no\nluck' }
      return { handled: [{ ...handled(message, 'frontdesk.appointment.confirmed.v1', 30), ...dead }] }
    },
  })
  const { code, out } = await cli('events', 'show', eventId)
  expect(code).toBe(0)
  expect(out).toContain('Verdict   verified by the platform’s current secret')
  const steps = out.split('\n').filter((line) => /^\+\d/.test(line))
  expect(steps).toEqual([
    '+0   webhook-ingress   received from retell',
    '+4   webhook-ingress   published call.ended as ingress.retell.call.ended (COMPANY 7)',
    `+9   company-resolver  attributed to ${acme}, >0.9999`,
    '+20  booking           published appointment.confirmed as company.x.appointment.confirmed (COMPANY 7)',
    '+30  booking           gave up on appointment.confirmed (h, delivery 8): no luck',
  ])
  expect(out).toMatch(/billing could not be asked: .*not yours/)
  expect(asked.toSorted()).toEqual(
    ['booking', 'company-resolver', 'webhook-ingress'].flatMap((service) => [`${service} ${eventId}`, `${service} ${message}`]),
  )
  const json = JSON.parse((await cli('events', 'show', eventId, '--json')).out) as { timeline: { steps: unknown[]; away: unknown[] } }
  expect(json.timeline.steps).toHaveLength(5)
  expect(json.timeline.away).toMatchObject([{ service: 'billing' }, { service: 'messaging' }])
})

test('events show --delivery shows the event also when the body of its delivery has been purged', async () => {
  const cli = await operator({ ledger: { getEvent: () => Promise.resolve({ event: { ...event, revision: 2 } }) } })
  const { code, out } = await cli('events', 'show', eventId, '--delivery')
  expect(code).toBe(0)
  expect(out).toContain(`Event     ${eventId}\nRevision  2`)
  expect(out).toContain('Its delivery is not kept any more')
  expect(JSON.parse((await cli('events', 'show', eventId, '--delivery', '--json')).out)).toMatchObject({
    event: { eventId },
    delivery: null,
  })
})
