import { LedgerEvent, type ReprocessedEvent, ReprocessMode, ReprocessOutcome } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
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

type LedgerAnswers = NonNullable<Answers['ledger']>

async function operator(reprocessEvents: NonNullable<LedgerAnswers['reprocessEvents']>, more: LedgerAnswers = {}) {
  const started = await startStack({ ledger: { reprocessEvents, ...more } })
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
  expect(asked).toMatchObject([{ eventIds: [id(1), id(2)], deliveryId: '', mode: ReprocessMode.RENORMALIZE, dryRun: true }])
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

test('what was sent is told as it is sent, and a run that broke off goes on without sending anything twice', async () => {
  const runs: string[] = []
  const cli = await operator(({ eventIds, runId }) => {
    runs.push(runId)
    if (runs.length === 2) throw new FrontdeskError('internal', { publicMessage: 'no luck' })
    const [first = ''] = eventIds
    return Promise.resolve({
      events: [event({ eventId: first, ...(runs.length === 3 && { outcome: ReprocessOutcome.SENT_BEFORE, nextRevision: 0 }) })],
    })
  })
  const ids = Array.from({ length: 150 }, (_, index) => id(index))
  const broken = await cli(...ids)
  expect(broken.code).toBe(1)
  expect(broken.out).toBe(`${id(0)}  revision 1 → 2, frontdesk.call.ended.v1\n1 of 1 sent.`)
  expect(broken.err).toContain('no luck')
  const [, runId = ''] = /--run (\S+) goes on/.exec(broken.err) ?? []
  const again = await cli(...ids, '--run', runId)
  expect(again.code).toBe(0)
  expect(again.out).toContain(`${id(0)}  sent in this run before`)
  expect(new Set(runs)).toEqual(new Set([runId]))
})

test('a window that broke off goes on as the same window, whenever that is', async () => {
  const cli = await operator(
    () => {
      throw new FrontdeskError('internal', { publicMessage: 'no luck' })
    },
    { listEvents: () => Promise.resolve({ events: [LedgerEvent.fromPartial({ eventId: id(1) })] }) },
  )
  const { code, err } = await cli('--since', '3d')
  expect(code).toBe(1)
  expect(err).toMatch(/with --since 2026-11-19T10:00:00.000Z --until 2026-11-22T10:00:00.000Z --run \S+ goes on/)
})

test('all that match within a window are sent, a page after the other, and none that came later', async () => {
  const asked: unknown[] = []
  const sent: string[] = []
  const entry = (index: number) => LedgerEvent.fromPartial({ eventId: id(index), revision: 1 })
  const cli = await operator(
    ({ eventIds }) => {
      sent.push(...eventIds)
      return Promise.resolve({ events: eventIds.map((eventId) => event({ eventId })) })
    },
    {
      listEvents: (request) => {
        asked.push(request)
        const pages = { '': { events: [entry(1), entry(2)], nextPageToken: 'a' }, a: { nextPageToken: 'b' }, b: { events: [entry(3)] } }
        return Promise.resolve(pages[request.pageToken as keyof typeof pages])
      },
    },
  )
  const { code, out } = await cli('--type', 'provider_event.received', '--since', '3d', '--renormalize')
  expect([code, sent]).toEqual([0, [id(1), id(2), id(3)]])
  expect(out).toContain('3 of 3 sent.')
  const window = { receivedFrom: new Date('2026-11-19T10:00:00Z'), receivedUntil: new Date('2026-11-22T10:00:00Z') }
  expect(asked).toMatchObject(
    ['', 'a', 'b'].map((pageToken) => ({ ...window, eventTypes: ['frontdesk.provider_event.received.v1'], pageSize: 100, pageToken })),
  )
  expect(await cli('--type', 'call.ended')).toMatchObject({ code: 2, err: expect.stringContaining('--since') })
  expect(await cli(id(1), '--since', '3d')).toMatchObject({ code: 2, err: expect.stringContaining('not both') })
})
