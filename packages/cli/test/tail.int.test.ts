import type { OutgoingMessage } from '@frontdesk/bus'
import { eventually } from '@frontdesk/testing'
import { connect } from '@nats-io/transport-node'
import { beforeEach, expect, test } from 'vitest'
import { companyEvent, practice, quarantinedEvent, salon, startBroker, type Broker } from './broker.ts'
import { startStack, type Answers, type Stack } from './stack.ts'
import { run, type Outcome } from './terminal.ts'

const directory: Answers['companies'] = {
  listCompanies: () =>
    Promise.resolve({
      companies: [
        { companyId: salon, name: 'Salon Sonne' },
        { companyId: practice, name: 'Praxis\u001b[31m Mond' },
      ],
    }),
}

let broker: Broker
let stack: Stack

beforeEach(async () => {
  broker = await startBroker()
  stack = await startStack({ companies: directory, manifest: { nats: { url: broker.nats.url } } })
  return async () => {
    await stack[Symbol.asyncDispose]()
    await broker[Symbol.asyncDispose]()
  }
})

/** A `tail` that watches already, and ends by itself after what it was told or by Ctrl-C. */
async function watching(...argv: string[]) {
  const lines: string[] = []
  const interruption = new AbortController()
  const ready = Promise.withResolvers<void>()
  const onLine = (line: string) => (line.startsWith('Watching') ? ready.resolve() : void lines.push(line))
  const ended = run(['tail', ...argv], { cwd: stack.directory, now: () => new Date(), interrupted: () => interruption.signal, onLine })
  await Promise.race([ready.promise, ended])
  return { ended, lines, interrupt: () => interruption.abort() }
}

async function publish(...messages: OutgoingMessage[]): Promise<void> {
  expect((await broker.bus.publish(messages)).every(({ ok }) => ok)).toBe(true)
}

/** What a tail shows of these, and of a call that has begun. */
async function shown(argv: string[], messages: OutgoingMessage[]): Promise<string[]> {
  const { ended, interrupt, lines } = await watching(...argv, '--json')
  await publish(...messages, companyEvent({ seed: 'last', type: 'frontdesk.call.started.v1' }))
  await settled(lines)
  interrupt()
  const { out } = await ended
  return out
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { subject: string }).subject)
    .toSorted()
}

/** Until nothing comes any more. */
async function settled(lines: readonly string[]): Promise<void> {
  let before = -1
  await eventually(
    () => {
      const now = lines.length
      const quiet = now === before
      before = now
      expect(quiet).toBe(true)
    },
    { intervalMs: 300 },
  )
}

function exited({ code, err }: Outcome): [number, string] {
  return [code, err]
}

test('a line says when, whose, what, about what, how sure, and how long after its receipt; --limit ends it', async () => {
  const { ended } = await watching('--limit', '2')
  await publish(companyEvent({ seed: '1', correlationId: 'dlv_1' }))
  await publish(
    companyEvent({ seed: '2', type: 'frontdesk.appointment.requested.v1', correlationId: 'dlv_1', payload: { appointmentId: 'apt_1' } }),
  )
  const outcome = await ended
  expect(exited(outcome)).toEqual([0, 'Watching. Ctrl-C ends.'])
  const lines = outcome.out.split('\n')
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(/^2\S+Z {2}Salon Sonne {19} {2}call\.ended {20}call_1 .* >0\.9999 {2}\d+ ms$/)
  // Its cause was seen, so that it can be timed too.
  expect(lines[1]).toMatch(/appointment\.requested .*call_2 .*\d+ ms$/)
})

test('Ctrl-C ends it with exit code 0, and nothing of it stays on the broker', async () => {
  const { ended, interrupt } = await watching()
  interrupt()
  expect((await ended).code).toBe(0)
  const consumers = await (await broker.bus.manager()).consumers.list('COMPANY').next()
  expect(consumers.filter(({ config }) => config.durable_name === undefined)).toEqual([])
})

test('what went to no company is shown with its reason and the type that it would have had, unless not wanted', async () => {
  const { ended } = await watching('--limit', '1')
  await publish(quarantinedEvent('q'))
  expect((await ended).out).toMatch(/ {2}\? no_match +call\.started +call_q/)
  expect(await shown(['--no-quarantine'], [quarantinedEvent('r')])).toEqual(['call_last'])
})

test.for([
  ['by the company’s id', ['--company', practice], ['call_other']],
  ['by how its name begins', ['--company', 'salon'], ['call_1', 'call_2', 'call_last']],
  ['by a type', ['--type', 'call.analyzed'], ['call_2']],
  ['by patterns of types', ['--type', 'call.an*, frontdesk.call.started.v1'], ['call_2', 'call_last', 'call_q']],
  ['by an entity', ['--type', 'call'], ['call_1', 'call_2', 'call_last', 'call_other', 'call_q']],
  ['by provider', ['--provider', 'calcom'], ['call_other']],
] as const)('%s it shows that alone', async ([, argv, subjects]) => {
  const messages = [
    companyEvent({ seed: '1' }),
    companyEvent({ seed: '2', type: 'frontdesk.call.analyzed.v1' }),
    companyEvent({ seed: 'other', companyId: practice, provider: 'calcom' }),
    quarantinedEvent('q'),
  ]
  expect(await shown([...argv], messages)).toEqual(subjects)
})

test('--json is a CloudEvent a line', async () => {
  const { ended } = await watching('--json', '--limit', '1')
  await publish(companyEvent({ seed: '1', revision: 2, payload: { callId: 'call_1' } }))
  const { out } = await ended
  expect(JSON.parse(out)).toEqual({
    specversion: '1.0',
    id: expect.stringMatching(/^[0-9a-f]{64}\.2$/),
    source: 'frontdesk/company-resolver',
    type: 'frontdesk.call.ended.v1',
    subject: 'call_1',
    time: '2026-11-22T10:00:00.000Z',
    datacontenttype: 'application/json',
    companyid: salon,
    confidence: '0.99995',
    revision: '2',
    correlationid: 'dlv_1',
    data: { callId: 'call_1' },
  })
})

test('--since begins in the past, and --bulk shows refills and replays too', async () => {
  await publish(companyEvent({ seed: '1' }), companyEvent({ seed: '2', subject: `bulk.company.${salon}.call.ended` }))
  const { out } = await (await watching('--since', '10m', '--bulk', '--limit', '2')).ended
  expect(out).toMatch(/call_1[^\n]*ms\n[^\n]*call_2[^\n]*ms {2}bulk$/)
})

test('what a terminal would obey is not printed, and a message that is no event is told on stderr', async () => {
  const { ended } = await watching('--limit', '1')
  const connection = await connect({ servers: broker.nats.url })
  connection.publish('company.\u009bx.y.z', 'hello')
  await connection.flush()
  await connection.close()
  await publish(companyEvent({ seed: '1', companyId: practice }))
  const { out, err } = await ended
  expect(out).toContain('Praxis\u{fffd}[31m Mond')
  expect(err).toContain('warning: on company.\u{fffd}x.y.z is no event')
})

test('without the directory ids are shown, and a name can’t be chosen', async () => {
  const env = { NATS_URL: broker.nats.url }
  await publish(companyEvent({ seed: '1' }))
  const { code, out } = await run(['tail', '--since', '1m', '--limit', '1'], { env, now: () => new Date() })
  expect([code, out]).toEqual([0, expect.stringContaining(salon)])
  expect((await run(['tail', '--company', 'salon'], { env })).err).toContain('FRONTDESK_COMPANY_RESOLVER_ADDRESS')
})

test.for([
  [['--company', 'nobody'], 1, 'No company is called "nobody"'],
  [['--type', 'call.ended.x'], 2, '--type takes patterns'],
  [['--provider', 'a.b'], 2, 'there is no provider "a.b", but retell'],
  [['--type', 'nosuch.*'], 2, 'no event type is like "nosuch.*"'],
  [['--since', 'yesterday'], 2, '--since must be a duration'],
  [['--limit', '0'], 2, '--limit must be a whole number'],
] as const)('%s is refused', async ([argv, code, said]) => {
  const outcome = await run(['tail', ...argv], { cwd: stack.directory })
  expect([outcome.code, outcome.out]).toEqual([code, ''])
  expect(outcome.err).toContain(said)
})
