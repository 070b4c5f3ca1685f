import { type ReprocessedEvent, ReprocessMode, ReprocessOutcome } from '@frontdesk/contracts'
import { afterEach, expect, test } from 'vitest'
import { type Answers, type Stack, startStack } from './stack.ts'
import { run } from './terminal.ts'

const id = (index: number) => index.toString(16).padStart(64, '0')
const event = (overrides: Partial<ReprocessedEvent> = {}): ReprocessedEvent => ({
  eventId: id(1),
  deliveryId: 'dlv_1',
  outcome: ReprocessOutcome.RAISED,
  revision: 1,
  nextRevision: 2,
  eventType: 'frontdesk.provider_event.received.v1',
  nextEventType: 'frontdesk.call.ended.v1',
  differences: [],
  furtherDifferences: 0,
  comparedWithNothing: false,
  ...overrides,
})

let stack: Stack | undefined
afterEach(async () => {
  await stack?.[Symbol.asyncDispose]()
  stack = undefined
})

async function operator(reprocessEvents: NonNullable<NonNullable<Answers['ledger']>['reprocessEvents']>) {
  const started = await startStack({ ledger: { reprocessEvents } })
  stack = started
  return (...argv: string[]) => run(['events', 'reprocess', ...argv], { cwd: started.directory })
}

test('a dry run asks for one, and shows each difference of each event', async () => {
  const asked: unknown[] = []
  const cli = await operator((request) => {
    asked.push(request)
    const differences = [
      { path: '(type)', before: '"a"', after: '"b"' },
      { path: 'x', before: '', after: '"\u001b[2J"' },
    ]
    const same = event({ eventId: id(2), outcome: ReprocessOutcome.UNCHANGED, nextRevision: 0 })
    return Promise.resolve({ events: [event({ differences, furtherDifferences: 3 }), same] })
  })
  const { code, out } = await cli(id(1), id(2), '--renormalize', '--dry-run')
  expect(code).toBe(0)
  expect(asked).toEqual([{ eventIds: [id(1), id(2)], deliveryId: '', mode: ReprocessMode.RENORMALIZE, dryRun: true }])
  expect(out).toBe(
    [
      `${id(1)}  revision 1 → 2, frontdesk.call.ended.v1`,
      '  (type): "a" → "b"',
      '  x: nothing → "\u{fffd}[2J"',
      '  and 3 more',
      `${id(2)}  unchanged at revision 1, frontdesk.provider_event.received.v1`,
      '1 of 2 would be sent.',
    ].join('\n'),
  )
})

test('more than a hundred go in several calls, each id once', async () => {
  const calls: number[] = []
  const cli = await operator(({ eventIds, mode, dryRun }) => {
    expect([mode, dryRun]).toEqual([ReprocessMode.AS_PUBLISHED, false])
    calls.push(eventIds.length)
    return Promise.resolve({ events: eventIds.map((eventId) => event({ eventId })) })
  })
  const ids = Array.from({ length: 150 }, (_, index) => id(index))
  const { code, out } = await cli(...ids, id(0), '--json')
  expect([code, calls]).toEqual([0, [100, 50]])
  const { dryRun, events } = JSON.parse(out) as { dryRun: boolean; events: unknown[] }
  expect([dryRun, events.length]).toEqual([false, 150])
})

test('what can’t be sent is told with why and what to do, and ends with exit code 1', async () => {
  const refusals = [
    [ReprocessOutcome.UNKNOWN_EVENT, 'not in the ledger'],
    [ReprocessOutcome.BODY_PURGED, 'purged'],
    [ReprocessOutcome.CONTENT_PURGED, '--renormalize'],
    [ReprocessOutcome.NOT_MADE, 'reprocess dlv_1 --renormalize'],
  ] as const
  const cli = await operator(() =>
    Promise.resolve({
      events: [
        event({ outcome: ReprocessOutcome.ADDED, nextRevision: 1 }),
        event({ comparedWithNothing: true }),
        ...refusals.map(([outcome]) => event({ outcome, nextRevision: 0 })),
      ],
    }),
  )
  const { code, out, err } = await cli('dlv_1')
  expect([code, err]).toEqual([1, 'error: 4 of 6 can’t be sent.'])
  for (const said of ['new, frontdesk.call.ended.v1', 'not known', ...refusals.map(([, text]) => text)]) expect(out).toContain(said)
})
