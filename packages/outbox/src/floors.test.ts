import type { DurableProgress, StreamContent } from '@frontdesk/bus'
import { expect, test } from 'vitest'
import type { StreamMark } from './broker-marks.ts'
import { followDurables } from './floors.ts'

const made = '2026-11-22T09:00:00Z'
const now = new Date('2026-11-24T09:00:00Z')

function content(firstSequence: number, durables: Record<string, Partial<DurableProgress>>): StreamContent {
  const found = Object.entries(durables).map(([name, given]) => [name, { floor: 0, handedOut: 0, awaited: false, created: made, ...given }])
  return { firstSequence, maxAgeMs: Number.POSITIVE_INFINITY, durables: Object.fromEntries(found) as StreamContent['durables'] }
}

function mark(floors: StreamMark['floors'], hoursAgo = 0): StreamMark {
  const consumedAtMs = now.getTime() - hoursAgo * 60 * 60 * 1_000
  const seen = Object.keys(floors).map((name) => [name, { created: made, handedOut: 0, consumedAtMs }])
  return { floors, durables: Object.fromEntries(seen) as NonNullable<StreamMark['durables']> }
}

test.each([
  [
    'a new durable has no claim to what was dropped before it came',
    content(101, { booking: {} }),
    { floors: {} },
    { booking: 100 },
    undefined,
  ],
  ['one in step goes on', content(101, { booking: { floor: 250 } }), mark({ booking: 200 }), { booking: 250 }, undefined],
  [
    'one whose only message is under way has still settled all before it',
    content(101, { booking: { floor: 7 } }),
    mark({ booking: 200 }),
    { booking: 200 },
    undefined,
  ],
  [
    'one that nobody consumes waits where it stands',
    content(101, { booking: { floor: 7 } }),
    mark({ booking: 7 }),
    { booking: 7 },
    undefined,
  ],
  [
    'also where the broker has raised its floor',
    content(101, { booking: { floor: 180 } }),
    mark({ booking: 7 }),
    { booking: 7 },
    undefined,
  ],
  [
    'once somebody takes with it, what was dropped is refilled',
    content(101, { booking: { floor: 180, handedOut: 1 } }),
    mark({ booking: 7 }),
    { booking: 180 },
    7,
  ],
  ['also where nothing is left to take', content(101, { booking: { floor: 7, awaited: true } }), mark({ booking: 7 }), { booking: 100 }, 7],
  [
    'one that was made anew begins anew',
    content(101, { booking: { floor: 120, created: '2026-11-22T10:00:00Z' } }),
    mark({ booking: 200 }),
    { booking: 120 },
    undefined,
  ],
  [
    'what another team consumes with counts',
    content(101, { theirs: { floor: 150, handedOut: 3 } }),
    mark({ theirs: 140 }, 48),
    { theirs: 150 },
    undefined,
  ],
  ['also while it is away for hours', content(101, { theirs: { floor: 7 } }), mark({ theirs: 7 }, 23), { theirs: 7 }, undefined],
  [
    'what another team has given up counts for nothing, and nothing is refilled for it',
    content(101, { theirs: { floor: 7 }, booking: { floor: 300 } }),
    mark({ theirs: 7, booking: 300 }, 25),
    { booking: 300 },
    undefined,
  ],
])('%s', (_name, found, before, floors, fellBehindFrom) => {
  const { seen: _seen, ...followed } = followDurables('COMPANY', found, before, now)
  expect(followed).toEqual({ floors, ...(fellBehindFrom !== undefined && { fellBehindFrom }) })
})
