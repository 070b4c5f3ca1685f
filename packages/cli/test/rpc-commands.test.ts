import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Attribution,
  AttributionStatus,
  durables,
  EvidenceKind,
  HandledEvent,
  ProducedEvent,
  QuarantineReason,
  Replay,
  ReplayState,
  type LedgerEvent,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { afterEach, expect, test } from 'vitest'
import { startStack, type Answers, type Stack } from './stack.ts'
import { run } from './terminal.ts'

const eventId = 'ab'.repeat(32)
const [acme, zenith] = ['cmp_01k0000000000000000000acme', 'cmp_01k00000000000000000zenith']
const at = new Date('2026-11-22T10:00:00Z')
const event: LedgerEvent = {
  eventId,
  deliveryId: 'dlv_1',
  provider: 'retell',
  connectionId: '',
  eventType: 'frontdesk.call.ended.v1',
  entityId: 'call_1',
  receivedAt: at,
}
const attributed = Attribution.fromPartial({
  eventId,
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  source: { provider: 'retell', providerEventType: 'call_ended', entityType: 'call', entityId: 'call_1', deliveryId: 'dlv_1' },
  decision: { $case: 'attributed', value: { companyId: acme, confidence: 0.99995 } },
  waterfall: [
    {
      evidence: { kind: EvidenceKind.PHONE_NUMBER, value: '+4930123456' },
      companyIds: [acme, zenith],
      weight: 4.5,
      running: [
        { companyId: acme, posterior: 0.49 },
        { companyId: zenith, posterior: 0.49 },
      ],
    },
    {
      evidence: { kind: EvidenceKind.VOICE_AGENT, value: 'agent_1' },
      companyIds: [acme],
      weight: 9,
      running: [
        { companyId: acme, posterior: 0.99995 },
        { companyId: zenith, posterior: 0.00004 },
      ],
    },
    { evidence: { kind: EvidenceKind.TEAM, value: 'team_1' }, companyIds: [], weight: -0.25, running: [] },
  ],
  candidates: [
    { companyId: acme, posterior: 0.99995 },
    { companyId: zenith, posterior: 0.00004 },
  ],
  nonePosterior: 0.00001,
  modelVersion: 'm1',
  directoryVersion: 7n,
  asOf: at,
  decidedAt: at,
})
const quarantined = Attribution.fromPartial({
  eventId,
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  decision: { $case: 'quarantined', value: { reason: QuarantineReason.SCHEMA_DRIFT, details: ['call.id: expected string'] } },
  decidedAt: at,
})

let stack: Stack | undefined

afterEach(async () => {
  await stack?.[Symbol.asyncDispose]()
  stack = undefined
})

/** Starts the services and returns a CLI inside their project. */
async function operator(answers: Answers = {}) {
  const started = await startStack(answers)
  stack = started
  return (...argv: string[]) => run(argv, { cwd: started.directory })
}

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
    '2',
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
      pageSize: 2,
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
  expect(out).toContain('Verdict   verified by the platform’s secret')
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

test('events refused shows why deliveries were refused, alike ones in one row', async () => {
  const asked: unknown[] = []
  const refusal = { at, provider: 'calcom', connectionId: '', code: 'signature_invalid', address: '203.0.113.7', times: 12 }
  const cli = await operator({
    ledger: {
      listRefusals: (request) => {
        asked.push(request)
        return Promise.resolve({ refusals: [refusal], nextPageToken: 'next' })
      },
    },
  })
  const { out, err } = await cli('events', 'refused', '--code', 'signature_invalid', '--since', '1h')
  expect(out).toContain('2026-11-22T10:00:00.000Z  12     signature_invalid  calcom    -           203.0.113.7')
  expect(err).toBe('More: --page-token next')
  expect(asked).toMatchObject([{ provider: '', code: 'signature_invalid', refusedFrom: new Date('2026-11-22T09:00:00Z') }])
  expect(JSON.parse((await cli('events', 'refused', '--json')).out)).toMatchObject({ refusals: [{ times: 12 }], nextPageToken: 'next' })
})

const replayId = 'rpl_01jd00000000000000000000t0'
const replayAt = (state: ReplayState, published: bigint) =>
  Replay.fromPartial({ replayId, state, matched: 3n, published, eventsPerSecond: 200, caller: 'operator', actor: 'usr_1', createdAt: at })

test('events replay says how many events it would be and starts nothing, or starts it and tells of its progress', async () => {
  const asked: unknown[] = []
  const looks = [replayAt(ReplayState.RUNNING, 1n), replayAt(ReplayState.DONE, 3n)]
  const cli = await operator({
    replay: {
      startReplay: (request) => {
        asked.push(request)
        return Promise.resolve({ matched: 3n, ...(request.dryRun ? {} : { replay: replayAt(ReplayState.WAITING, 0n) }) })
      },
      getReplay: () => Promise.resolve({ replay: looks.shift() }),
    },
  })
  const dry = await cli('events', 'replay', '--provider', 'retell', '--type', 'call.ended', '--since', '1h', '--dry-run')
  expect(dry).toEqual({ code: 0, out: 'It would send 3 events again.', err: '' })
  const real = await cli('events', 'replay', eventId, 'cd'.repeat(32), '--rate', '50')
  expect(real.code).toBe(0)
  expect(real.err.split('\n')).toEqual([`Replay ${replayId}: 3 events.`, '1 of 3 sent', '3 of 3 sent'])
  expect(real.out).toContain('State     done\nSent      3 of 3, at most 200 a second')
  expect(asked).toMatchObject([
    {
      selection: {
        eventIds: [],
        provider: 'retell',
        eventTypes: ['frontdesk.call.ended.v1'],
        receivedFrom: new Date('2026-11-22T09:00:00Z'),
      },
      eventsPerSecond: 200,
      dryRun: true,
    },
    { selection: { eventIds: [eventId, 'cd'.repeat(32)] }, eventsPerSecond: 50, dryRun: false },
  ])
})

test('Ctrl-C ends the command and not the replay, and says so', async () => {
  const started = await startStack({
    replay: {
      startReplay: () => Promise.resolve({ matched: 3n, replay: replayAt(ReplayState.WAITING, 0n) }),
      getReplay: () => Promise.resolve({ replay: replayAt(ReplayState.RUNNING, 1n) }),
    },
  })
  stack = started
  const interrupted = () => {
    const interruption = new AbortController()
    setImmediate(() => interruption.abort())
    return interruption.signal
  }
  const { code, err } = await run(['events', 'replay', eventId], { cwd: started.directory, interrupted })
  expect(code).toBe(0)
  expect(err).toContain(`The replay goes on without this command. \`frontdesk replays show ${replayId}\``)
})

test('replays are listed, shown and cancelled with who asked for them', async () => {
  const cancelled = replayAt(ReplayState.CANCELLED, 2n)
  const cli = await operator({
    replay: {
      listReplays: () => Promise.resolve({ replays: [replayAt(ReplayState.RUNNING, 1n)] }),
      getReplay: () => Promise.resolve({ replay: replayAt(ReplayState.RUNNING, 1n) }),
      cancelReplay: () => Promise.resolve({ replay: cancelled }),
    },
  })
  expect((await cli('replays', 'list')).out).toContain(`${replayId}  running  1     3   usr_1 by operator`)
  expect((await cli('replays', 'show', replayId)).out).toContain('State     running')
  expect(JSON.parse((await cli('replays', 'cancel', replayId, '--json')).out)).toEqual({ replay: Replay.toJSON(cancelled) })
})

test('attributions explain shows the waterfall: each piece, its weight, and what it made of each candidate', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    attribution: {
      getAttribution: (request) => {
        asked.push(request)
        return Promise.resolve({ attribution: attributed })
      },
    },
  })
  const { code, out } = await cli('attributions', 'explain', eventId)
  expect(code).toBe(0)
  expect(out).toContain(`Decision  attributed to ${acme}, confidence >0.9999`)
  expect(out.split('\n').slice(-9)).toEqual([
    'EVIDENCE      VALUE        WEIGHT  SPEAKS FOR      [1]      [2]',
    'phone number  +4930123456  +4.50   [1] [2]         0.4900   0.4900',
    'voice agent   agent_1      +9.00   [1]             >0.9999  <0.0001',
    'team          team_1       -0.25   nobody we know  -        -',
    '',
    '     CANDIDATE                       POSTERIOR',
    `[1]  ${acme}  >0.9999`,
    `[2]  ${zenith}  <0.0001`,
    '     none of ours                    <0.0001',
  ])
  await cli('attributions', 'explain', eventId, '--revision', '3')
  expect(asked).toEqual([
    { eventId, revision: 0 },
    { eventId, revision: 3 },
  ])
  expect(JSON.parse((await cli('attributions', 'explain', eventId, '--json')).out)).toEqual(Attribution.toJSON(attributed))
})

test('a quarantined event explains why it waits', async () => {
  const cli = await operator({ attribution: { getAttribution: () => Promise.resolve({ attribution: quarantined }) } })
  const { out } = await cli('attributions', 'explain', eventId)
  expect(out).toContain('quarantined, schema drift: call.id: expected string')
  expect(out).toContain('There was no evidence.')
})

test('quarantine list filters by reason and names the closest company', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    attribution: {
      listQuarantine: ({ reason }) => {
        asked.push(reason)
        return Promise.resolve({ attributions: [{ ...quarantined, candidates: attributed.candidates }] })
      },
    },
  })
  const { out } = await cli('quarantine', 'list', '--reason', 'schema_drift')
  expect(out).toContain(`schema drift  frontdesk.call.ended.v1  ${acme} >0.9999`)
  expect(JSON.parse((await cli('quarantine', 'list', '--json')).out)).toMatchObject({ attributions: [{ eventId }], nextPageToken: '' })
  expect(asked).toEqual([QuarantineReason.SCHEMA_DRIFT, QuarantineReason.UNSPECIFIED])
})

test('deadletters list keeps an error of many lines in its row', async () => {
  const letter = {
    handler: 'booking',
    eventId,
    revision: 2,
    eventType: 'frontdesk.call.analyzed.v1',
    error: 'no\nluck',
    attempts: 8,
    diedAt: at,
  }
  const cli = await operator({ operations: { listDeadLetters: () => Promise.resolve({ deadLetters: [letter] }) } })
  const { out } = await cli('deadletters', 'list', '--service', 'booking')
  expect(out.split('\n')).toHaveLength(2)
  expect(out).toContain(`8         ${eventId} --revision 2  no luck`)
  expect(JSON.parse((await cli('deadletters', 'list', '--service', 'booking', '--json')).out)).toMatchObject({
    deadLetters: [{ error: 'no\nluck' }],
  })
})

test('deadletters show finds the one letter on whatever page, with its payload and without control characters', async () => {
  const letter = {
    handler: 'billing',
    eventId,
    revision: 2,
    eventType: 'frontdesk.call.ended.v1',
    error: 'TypeError: no\n  at here',
    attempts: 8,
    diedAt: at,
    payload: '{"callId":"call_1","note":"\u009b2J"}',
  }
  const cli = await operator({
    operations: {
      listDeadLetters: ({ pageToken }) =>
        Promise.resolve(
          pageToken === '' ? { deadLetters: [{ ...letter, revision: 1 }], nextPageToken: 'more' } : { deadLetters: [letter] },
        ),
    },
  })
  const show = ['deadletters', 'show', 'billing', eventId, '--service', 'booking']
  const { code, out, err } = await cli(...show, '--revision', '2')
  expect(code).toBe(0)
  expect(out).toContain(
    'Attempts  8\nDied      2026-11-22T10:00:00.000Z\n\nError\nTypeError: no\n  at here\n\nPayload\n{\n  "callId": "call_1"',
  )
  expect(out).toContain('"\u{fffd}2J"')
  expect(err).toBe(`Again:  pnpm frontdesk deadletters redrive billing ${eventId} --revision 2 --service booking`)
  expect(JSON.parse((await cli(...show, '--json')).out)).toMatchObject({ deadLetter: { revision: 1, payload: letter.payload } })
  expect(await cli(...show, '--revision', '3')).toMatchObject({ code: 1, err: expect.stringContaining('has no dead letter') })
})

test('every service that consumes events can be asked for its dead letters', async () => {
  const asked: string[] = []
  const answer = () => (asked.push('listed'), Promise.resolve({ deadLetters: [] }))
  const cli = await operator({ operations: { listDeadLetters: answer } })
  const services = [...new Set(durables.map(({ service }) => service))]
  for (const service of services) expect(await cli('deadletters', 'list', '--service', service)).toMatchObject({ code: 0, err: '' })
  expect(asked).toHaveLength(services.length)
})

test('deadletters redrive runs the one letter once', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    operations: {
      redriveDeadLetter: (request) => {
        asked.push(request)
        return Promise.resolve({})
      },
    },
  })
  expect(await cli('deadletters', 'redrive', 'booking', eventId, '--service', 'booking')).toMatchObject({ code: 0, err: '' })
  const json = await cli('deadletters', 'redrive', 'booking', eventId, '--service', 'booking', '--revision', '2', '--json')
  expect(JSON.parse(json.out)).toEqual({ redriven: { handler: 'booking', eventId, revision: 2 } })
  expect(asked).toEqual([
    { handler: 'booking', eventId, revision: 1 },
    { handler: 'booking', eventId, revision: 2 },
  ])
})

test('what the service refuses is told with its code, exit code 1, and nothing on stdout', async () => {
  const cli = await operator()
  expect(await cli('events', 'show', eventId, '--json')).toEqual({
    code: 1,
    out: '',
    err: 'error: webhook-ingress: There is no such thing. [not_found]',
  })
})

test('a service that is away is told with its address, where that came from, and what to do', async () => {
  const { code, err } = await run(['events', 'search', '--address', '127.0.0.1:1', '--token', 'x'])
  expect(code).toBe(1)
  expect(err).toContain('[unavailable]')
  expect(err).toContain('127.0.0.1:1 (from --address)')
})

test('a bad token is told with where it came from, never with the token itself', async () => {
  const started = await startStack()
  stack = started
  const env = { FRONTDESK_TOKEN: 'hunter2' }
  const { code, out, err } = await run(['events', 'search'], { cwd: started.directory, env })
  expect(code).toBe(1)
  expect(err).toContain('[token_invalid]')
  expect(err).toContain('from FRONTDESK_TOKEN')
  expect(err).toContain('token issue')
  expect(out + err).not.toContain('hunter2')
})

test('settings come from flags, then the environment, then the nearest dev.json above', async () => {
  const started = await startStack({ ledger: { listEvents: () => Promise.resolve({}) } })
  stack = started
  const below = join(started.directory, 'a', 'b')
  await mkdir(below, { recursive: true })
  const wrong = { FRONTDESK_WEBHOOK_INGRESS_ADDRESS: '127.0.0.1:1', FRONTDESK_TOKEN: 'wrong' }
  const flags = ['--address', started.address, '--token', started.token]
  expect((await run(['events', 'search'], { cwd: below })).code).toBe(0)
  expect((await run(['events', 'search', ...flags], { cwd: below, env: wrong })).code).toBe(0)
  expect((await run(['events', 'search'], { cwd: below, env: wrong })).err).toContain('from FRONTDESK_WEBHOOK_INGRESS_ADDRESS')
  const environment = { FRONTDESK_WEBHOOK_INGRESS_ADDRESS: started.address, FRONTDESK_TOKEN: started.token }
  expect((await run(['events', 'search'], { env: environment })).code).toBe(0)
})

test('a broken dev.json is told by its path, without its content', async () => {
  const started = await startStack()
  stack = started
  await writeFile(join(started.directory, '.frontdesk', 'dev.json'), '{"operatorToken":"hunter2')
  const { code, err } = await run(['events', 'search'], { cwd: started.directory })
  expect(code).toBe(1)
  expect(err).toContain(join('.frontdesk', 'dev.json'))
  expect(err).not.toContain('hunter2')
})
