import { AttributionStatus } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { eventId, acme, at, event, attributed, quarantined } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()

test('events search asks for what its options say, and shows a row for each event', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    ledger: {
      listEvents: (request) => {
        asked.push(request)
        return Promise.resolve({ events: [event], nextPageToken: 'next' })
      },
    },
  })
  const argv = [
    'events',
    'search',
    '--provider',
    'retell',
    '--type',
    'frontdesk.call.ended.v1,call.started',
    '--entity=call_1',
    '--connection=con_1',
    '--since=1h',
    '--until=2026-11-22T10:30:00+01:00',
    '--limit',
    '1',
    '--page-token',
    'p',
  ]
  const { code, out, err } = await cli(...argv)
  expect(code).toBe(0)
  expect(asked).toEqual([
    {
      provider: 'retell',
      eventType: '',
      eventTypes: ['frontdesk.call.ended.v1', 'frontdesk.call.started.v1'],
      entityId: 'call_1',
      connectionId: 'con_1',
      receivedFrom: new Date('2026-11-22T09:00:00Z'),
      receivedUntil: new Date('2026-11-22T09:30:00Z'),
      pageSize: 1,
      pageToken: 'p',
    },
  ])
  expect(out).toContain(`2026-11-22T10:00:00.000Z  frontdesk.call.ended.v1  retell    call_1  ${eventId}`)
  expect(err).toBe('More: --page-token next')
})

test('events search --json is one document, with the list even when it is empty', async () => {
  const cli = await operator({ ledger: { listEvents: () => Promise.resolve({}) } })
  expect(JSON.parse((await cli('events', 'search', '--json')).out)).toEqual({ events: [], nextPageToken: '' })
  expect((await cli('events', 'search')).out).toBe('No events.')
})

test('events search by company or status asks the resolver, and says where each event went', async () => {
  const asked: unknown[] = []
  const { source, decision } = attributed
  const cli = await operator({
    attribution: {
      listAttributions: (request) => {
        asked.push(request)
        const found = { eventId, revision: 1, eventType: event.eventType, source, decidedAt: at }
        return Promise.resolve({
          events: [
            { ...found, decision },
            { ...found, revision: 2, decision: quarantined.decision },
          ],
        })
      },
    },
  })
  const { code, out } = await cli('events', 'search', '--company', acme, '--since', '1d')
  expect(code).toBe(0)
  expect(out).toContain(`retell    call_1  ${acme} >0.9999`)
  expect(out).toContain(`quarantine, schema drift`)
  expect(out).toContain(`${eventId}.2`)
  await cli('events', 'search', '--status', 'quarantined')
  const any = { companyId: '', provider: '', eventTypes: [], pageSize: 50, pageToken: '' }
  const decidedFrom = new Date('2026-11-21T10:00:00Z')
  expect(asked).toEqual([
    { ...any, companyId: acme, status: AttributionStatus.UNSPECIFIED, decidedFrom, decidedUntil: undefined },
    { ...any, status: AttributionStatus.QUARANTINED, decidedFrom: undefined, decidedUntil: undefined },
  ])
})

test('a search goes on through short pages until it has what it was asked for', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    ledger: {
      listEvents: ({ pageSize, pageToken }) => {
        asked.push([pageSize, pageToken])
        const pages = { '': { nextPageToken: 'a' }, a: { events: [event], nextPageToken: 'b' }, b: { events: [{ ...event, revision: 2 }] } }
        return Promise.resolve(pages[pageToken as keyof typeof pages])
      },
    },
  })
  const { out, err } = await cli('events', 'search', '--type', 'call.ended', '--limit', '3')
  expect(asked).toEqual([
    [3, ''],
    [3, 'a'],
    [2, 'b'],
  ])
  expect([out.split('\n').length, err]).toEqual([3, ''])
  expect(out).toContain(`${eventId}.2`)
})
