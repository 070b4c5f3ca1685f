import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, startNats } from '@frontdesk/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { mysqlInbox } from '../src/index.ts'
import { confirmed, startHarness } from './harness.ts'

const dayMs = 24 * 60 * 60 * 1_000
let harness: Awaited<ReturnType<typeof startHarness>>
beforeEach(async () => {
  harness = await startHarness()
})
afterEach(() => harness[Symbol.asyncDispose]())

async function purge(seq?: number): Promise<void> {
  await (await harness.bus.manager()).streams.purge('COMPANY', seq === undefined ? undefined : { seq })
}

test('what the stream forgot while nobody consumed is told, and what is left is handled', async () => {
  await using first = harness.subscribe()
  await first.ready()
  await harness.publish([confirmed('1')])
  await harness.settled()
  expect(await first.checkGaps()).toEqual([])
  await first[Symbol.asyncDispose]()
  await harness.publish(Array.from({ length: 9 }, (_, index) => confirmed(`late-${index}`)))
  await purge(7)

  await using second = harness.subscribe()
  await second.ready()
  await harness.settled()
  await eventually(() => expect(second.gaps).toMatchObject([{ kind: 'forgotten', lane: 'live', seenTo: 1n, nextAt: 7n }]))
  expect(second.handled).toEqual(['apt_late-5', 'apt_late-6', 'apt_late-7', 'apt_late-8'])
  expect(await second.checkGaps()).toEqual([])
})

test('a lane in which nothing is left after a loss tells it once', async () => {
  await using subscriber = harness.subscribe()
  await subscriber.ready()
  await harness.publish([confirmed('1')])
  await harness.settled()
  expect(await subscriber.checkGaps()).toEqual([])
  await purge()
  for (const _ of ['finds it', 'finds nothing new']) await subscriber.checkGaps()
  await harness.publish([confirmed('2')])
  await eventually(() => expect(subscriber.handled).toEqual(['apt_1', 'apt_2']))
  await subscriber.checkGaps()
  expect(subscriber.gaps).toMatchObject([{ kind: 'lost', lane: 'live', seenTo: 1n, nextAt: undefined }])
})

test('a gap of one lane is told although the other lane could not be compared', async () => {
  const store = mysqlInbox(harness.pool)
  let isBulkAway = false
  await using subscriber = harness.subscribe({
    store: {
      ...store,
      readAnchor: (inbox, lane) => (isBulkAway && lane === 'bulk' ? Promise.reject(new Error('no disk')) : store.readAnchor(inbox, lane)),
    },
  })
  await subscriber.ready()
  await harness.publish([confirmed('1')])
  await harness.settled()
  expect(await subscriber.checkGaps()).toEqual([])
  isBulkAway = true
  await purge()
  await expect(subscriber.checkGaps()).rejects.toThrow('no disk')
  expect(subscriber.gaps).toMatchObject([{ kind: 'lost', lane: 'live' }])
})

test('a look that fails is made again soon, not at the next time', async () => {
  const store = mysqlInbox(harness.pool)
  let failures = 0
  await using subscriber = harness.subscribe({
    store: {
      ...store,
      readAnchor: (inbox, lane) =>
        lane === 'live' && failures++ === 0 ? Promise.reject(new Error('no answer')) : store.readAnchor(inbox, lane),
    },
  })
  await subscriber.ready()
  await harness.publish([confirmed('1')])
  await harness.settled()
  // One that failed, one that did not, and only then the hour.
  await eventually(() => expect(failures).toBe(2))
})

test('two weeks without an event are no gap to who was there, also where another process took the next one', async () => {
  let now = new Date()
  const clock = () => now
  await using first = harness.subscribe({ clock })
  await first.ready()
  await harness.publish([confirmed('1')])
  await harness.settled()
  for (let day = 1; day <= 15; day++) {
    // A week and a day: by then the stream has dropped it.
    if (day === 9) await purge()
    expect(await first.checkGaps()).toEqual([])
    now = new Date(now.getTime() + dayMs)
  }
  await harness.publish([confirmed('2')])
  await eventually(() => expect(first.handled).toEqual(['apt_1', 'apt_2']))
  await first[Symbol.asyncDispose]()

  await using second = harness.subscribe({ clock })
  await second.ready()
  expect(await second.checkGaps()).toEqual([])
  expect(second.gaps).toEqual([])
})

test.each([
  ['at once, with the connection that follows', false],
  ['although events of its own came behind the place before it could look', true],
])(
  'the broker lost its last messages and others published first: told %s; every event is handled and none twice',
  { timeout: 40_000 },
  async (_, isLookedLate) => {
    const { nats } = harness
    let server = nats
    const store = mysqlInbox(harness.pool)
    let mayLook = Promise.resolve()
    await using subscriber = harness.subscribe({
      store: { ...store, readAnchor: (inbox, lane) => mayLook.then(() => store.readAnchor(inbox, lane)) },
    })
    await subscriber.ready()
    // A killed broker forgets acks of its last moments, too.
    await (await harness.bus.manager()).consumers.update('COMPANY', 'their-team', { ack_wait: 1e9 })
    await harness.publish(Array.from({ length: 10 }, (_each, index) => confirmed(`a${index}`)))
    await harness.settled()
    const streamFolder = join(nats.storeDir, 'jetstream', '$G', 'streams', 'COMPANY')
    const copy = await mkdtemp(join(tmpdir(), 'subscriber-stream-'))
    await restart(() => cp(join(streamFolder, 'msgs'), copy, { recursive: true }))
    await harness.publish(Array.from({ length: 20 }, (_each, index) => confirmed(`lost${index}`)))
    await harness.settled()
    const looking = Promise.withResolvers<void>()
    if (isLookedLate) mayLook = looking.promise
    // The durable keeps its place, the stream is what it was 20 messages ago.
    await restart(async () => {
      await rm(join(streamFolder, 'msgs'), { recursive: true })
      await cp(copy, join(streamFolder, 'msgs'), { recursive: true })
    })
    await harness.publish(Array.from({ length: 30 }, (_each, index) => confirmed(`b${index}`)))
    if (isLookedLate) await eventually(() => expect(subscriber.handled).toContain('apt_b29'))
    looking.resolve()
    // A broker that has just started may not answer the first looks.
    await eventually(() => expect(subscriber.gaps).toMatchObject([{ kind: 'lost', lane: 'live', seenTo: 30n }]), { timeoutMs: 12_000 })
    await harness.settled()
    const expected = [...range('a', 10), ...range('lost', 20), ...range('b', 30)]
    await eventually(() => expect(subscriber.handled.toSorted()).toEqual(expected.toSorted()))
    expect(await subscriber.checkGaps()).toEqual([])
    expect((await harness.telemetry.metrics.render()).body).toContain(
      'frontdesk_subscriber_gaps_total{inbox="their-team",lane="live",kind="lost"} 1',
    )
    await rm(copy, { recursive: true })

    async function restart(meanwhile: () => Promise<void>): Promise<void> {
      await server.kill()
      await meanwhile()
      server = await startNats({ storeDir: nats.storeDir, port: nats.port })
      servers.push(server)
      await eventually(() => expect(harness.bus.status()).toBe('connected'))
    }
  },
)

function range(prefix: string, length: number): string[] {
  return Array.from({ length }, (_, index) => `apt_${prefix}${index}`)
}

const servers: AsyncDisposable[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server[Symbol.asyncDispose]()))
})
