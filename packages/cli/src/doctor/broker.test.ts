import { expect, test } from 'vitest'
import { checkDurable } from './broker.ts'

type Asked = Parameters<typeof checkDurable>[1]

const now = () => new Date('2026-11-22T10:00:00Z')

/** A broker that stores and settles an event before it answers for the durable. */
function busyBroker(floorAhead = 0): Asked {
  let stored = 100
  const at = now().toISOString()
  return {
    consumers: {
      async info() {
        await Promise.resolve()
        const place = { stream_seq: ++stored + floorAhead, last_active: at }
        const counts = { num_pending: 0, num_ack_pending: 0, num_waiting: 1 }
        return { ...counts, ack_floor: place, delivered: place, created: at, config: {} } as never
      },
    },
    streams: { info: () => Promise.resolve({ state: { last_seq: stored } } as never) },
  }
}

test('a durable that goes on while it is looked at is well', async () => {
  expect(await checkDurable({ now }, busyBroker(), 'COMPANY', 'booking')).toEqual([
    { check: 'consumer COMPANY/booking', status: 'ok', detail: '0 to deliver, 0 unsettled' },
  ])
})

test('one that stands past its stream’s end is told, and left to its service', async () => {
  expect(await checkDurable({ now }, busyBroker(1_000), 'COMPANY', 'booking')).toEqual([
    {
      check: 'consumer COMPANY/booking',
      status: 'fail',
      detail: 'it stands at 1101, past the stream’s end 101: the broker lost data',
      fix: 'Its service makes it anew within a minute; if it does not, look at its log',
    },
  ])
})
