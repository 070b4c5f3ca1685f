import { checkTopology, importedDomain, readStored, readStream, recreateDurable, streamOf } from '@frontdesk/bus'
import type { OutgoingMessage } from '@frontdesk/bus'
import {
  catalogue,
  companySubject,
  deriveEventId,
  durables,
  everyCompanySubject,
  ingressSubject,
  quarantineSubject,
  stagesOf,
  streams,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import type { EventType, Publisher } from '@frontdesk/contracts'
import { createSubscriber, prepareSubscriber } from '@frontdesk/subscriber'
import type { SubscriberStore } from '@frontdesk/subscriber'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually } from '@frontdesk/testing'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { services, startPermittedBroker } from './permitted-broker.ts'

const company = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')
const other = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02r')
const telemetry = createTestTelemetry()
const leftToOthers = 'the broker does not let us look for gaps: that is left to who made our durables'
let broker: Awaited<ReturnType<typeof startPermittedBroker>>

beforeAll(async () => {
  broker = await startPermittedBroker(
    [
      { name: 'their-team', company, selfService: true },
      { name: 'plain-team', company },
    ],
    telemetry,
  )
})
afterAll(() => broker[Symbol.asyncDispose]())

/** One message at each stage at which the service publishes. */
function messagesOf(service: Publisher): OutgoingMessage[] {
  return (Object.keys(catalogue) as EventType[]).flatMap((type) =>
    stagesOf(type)
      .filter(({ publisher }) => publisher === service)
      .map(({ stream }) => {
        const id = deriveEventId([service, type, stream])
        const envelope = { id, revision: 1, type, source: `frontdesk/${service}`, subject: 'x', time: new Date(), correlationId: 'c' }
        const subject = {
          INGRESS: ingressSubject('retell', type),
          COMPANY: companySubject(company, type),
          QUARANTINE: quarantineSubject('retell', 'no_match'),
        }[stream]
        return { envelope: { ...envelope, ...(stream === 'COMPANY' && { companyId: company }) }, subject, body: Buffer.from('{}') }
      }),
  )
}

/** Whether the broker refuses to let the connection publish there. */
async function isRefused(connection: NatsConnection, subject: string, body: unknown = {}): Promise<boolean> {
  const refused = Promise.withResolvers<boolean>()
  void (async () => {
    for await (const status of connection.status()) {
      if (status.type === 'error' && String(status.error).includes(`Publish to "${subject}"`)) refused.resolve(true)
    }
  })()
  connection.publish(subject, JSON.stringify(body))
  // The broker answers in order: what it refused it has said before this.
  await connection.flush()
  setTimeout(() => refused.resolve(false), 100)
  return refused.promise
}

test.each(services)('%s: publishes, tells a duplicate, checks its topology, consumes and acknowledges', async (service) => {
  await using bus = broker.busAs(service)
  await bus.connected()
  expect(await checkTopology(bus, service)).toEqual([])
  const messages = messagesOf(service)
  const both = [...messages, ...messages.map((message) => ({ ...message, subject: `bulk.${message.subject}` }))]
  expect((await bus.publish(both)).filter(({ ok }) => !ok)).toEqual([])
  // A duplicate is confirmed by reading what stands at its sequence.
  expect((await bus.publish(both)).filter((outcome) => !outcome.ok || !outcome.duplicate)).toEqual([])

  await using operator = broker.busAs('operator')
  const manager = await operator.manager()
  for (const { stream, name, filterSubjects } of durables.filter((durable) => durable.service === service)) {
    const subject = (filterSubjects[0] ?? '').replace('*', company).replace('>', 'retell.call.ended')
    await manager.jetstream().publish(subject, 'no event of ours, but it is acknowledged', { msgID: `${name}-${Math.random()}` })
    await using _consuming = bus.consume({ stream, durable: name, handle: async (events) => events.map(() => ({ kind: 'ack' })) })
    await eventually(async () => {
      const info = await manager.consumers.info(stream, name)
      expect([info.num_pending, info.num_ack_pending, info.ack_floor.consumer_seq > 0]).toEqual([0, 0, true])
    })
  }
})

test.each(services)('%s: may do what it takes after a loss: compare its streams, and make its durables anew', async (service) => {
  await using bus = broker.busAs(service)
  await bus.connected()
  const own = durables.filter((durable) => durable.service === service)
  for (const { name } of streams) expect(await readStream(bus, name)).toMatchObject({ firstSequence: 1 })
  const readable = new Set([...messagesOf(service).map(({ subject }) => streamOf(subject)), ...own.map(({ stream }) => stream)])
  for (const stream of readable) expect(await readStored(bus, stream ?? '', [1, 1_000_000])).toHaveLength(2)

  await using operator = broker.busAs('operator')
  const manager = await operator.manager()
  for (const durable of own) {
    const madeAt = async () => (await manager.consumers.info(durable.stream, durable.name)).created
    const before = await madeAt()
    await recreateDurable(bus, durable)
    expect(await madeAt()).not.toBe(before)
  }
  expect(await checkTopology(bus, service)).toEqual([])
})

test('webhook-ingress hears that a connection has changed', async () => {
  const type = 'frontdesk.connection.changed.v1'
  await using ingress = broker.busAs('webhook-ingress')
  await using resolver = broker.busAs('company-resolver')
  await resolver.connected()
  const heard: string[] = []
  const listening = Promise.withResolvers<void>()
  await using _listening = ingress.listen({
    subject: everyCompanySubject(type),
    onEvent: ({ envelope }) => void heard.push(envelope.type),
    onListening: listening.resolve,
  })
  await listening.promise
  const changed = messagesOf('company-resolver').find(({ envelope }) => envelope.type === type)
  if (!changed) throw new Error('company-resolver does not publish it')
  expect(await resolver.publish([{ ...changed, repeat: 'heard' }])).toMatchObject([{ ok: true }])
  await eventually(() => expect(heard).toEqual([type]))
})

test('a service can do nothing in another’s name: neither publish, nor consume, nor change a stream, nor read where it writes nothing', async () => {
  await using connection = await broker.connectAs('booking')
  for (const subject of [
    `company.${company}.call.ended`,
    'ingress.retell.call.ended',
    'quarantine.retell.no_match',
    '$JS.API.STREAM.DELETE.COMPANY',
    '$JS.API.STREAM.UPDATE.COMPANY',
    '$JS.API.STREAM.PURGE.COMPANY',
    '$JS.API.STREAM.MSG.GET.INGRESS',
    '$JS.API.CONSUMER.MSG.NEXT.COMPANY.billing',
    '$JS.API.CONSUMER.DELETE.COMPANY.billing',
    '$JS.ACK.COMPANY.billing.1.1.1.1.1',
  ]) {
    expect([subject, await isRefused(connection, subject)]).toEqual([subject, true])
  }
  expect(await isRefused(connection, `company.${company}.appointment.confirmed`)).toBe(false)
  await expect(subscribed(connection, '_INBOX_billing.>')).rejects.toThrow('ermission')
  await expect(subscribed(connection, 'company.>')).rejects.toThrow('ermission')
})

/** Rejects with what the broker says to a subscription. */
async function subscribed(connection: NatsConnection, subject: string): Promise<void> {
  const ended = Promise.withResolvers<void>()
  connection.subscribe(subject, { callback: (error) => (error ? ended.reject(error) : ended.resolve()) })
  const heard = connection.flush().then(() => setTimeout(() => ended.resolve(), 200))
  await Promise.all([ended.promise, heard])
}

const common = [
  `$JS.API.CONSUMER.CREATE.COMPANY.their-team.company.${other}.>`,
  '$JS.API.CONSUMER.CREATE.COMPANY.their-team.company.>',
  '$JS.API.CONSUMER.CREATE.COMPANY.their-team.company.*.call.ended',
  '$JS.API.CONSUMER.CREATE.COMPANY.their-team',
  '$JS.API.CONSUMER.CREATE.COMPANY',
  '$JS.API.CONSUMER.DURABLE.CREATE.COMPANY.their-team',
  `$JS.API.CONSUMER.CREATE.COMPANY.billing.company.${company}.>`,
  '$JS.API.CONSUMER.MSG.NEXT.COMPANY.booking',
  '$JS.API.CONSUMER.DELETE.COMPANY.booking',
  '$JS.API.CONSUMER.LIST.COMPANY',
  '$JS.API.STREAM.INFO.COMPANY',
  '$JS.API.STREAM.MSG.GET.COMPANY',
  '$JS.API.DIRECT.GET.COMPANY',
  `$JS.API.DIRECT.GET.COMPANY.company.${other}.call.ended`,
  `company.${company}.call.ended`,
  `company.${other}.call.ended`,
  'ingress.retell.call.ended',
]
const making = [`$JS.API.CONSUMER.CREATE.COMPANY.their-team.company.${company}.>`, '$JS.API.CONSUMER.DELETE.COMPANY.their-team']

test.each([
  ['their-team', common],
  ['plain-team', [...common, ...making].map((subject) => subject.replace('their-team', 'plain-team'))],
])('%s, a subscriber of one company, gets at nothing of another’s by any door', async (name, refused) => {
  await using connection = await broker.connectAsSubscriber(name)
  for (const subject of refused.flatMap((each) => [each, each.replace('$JS.API', `$JS.${importedDomain}.API`)])) {
    expect([subject, await isRefused(connection, subject)]).toEqual([subject, true])
  }
  for (const subject of [`company.${other}.>`, `company.${company}.>`, '_INBOX_booking.>', '_INBOX.>', '$JS.API.>']) {
    await expect(subscribed(connection, subject), subject).rejects.toThrow('ermission')
  }
})

test('a self-service subscriber makes consumers of its company’s filter, and the broker refuses a body that says another', async () => {
  await using connection = await broker.connectAsSubscriber('their-team')
  const own = `company.${company}.>`
  const create = async (config: object) => {
    const request = { stream_name: 'COMPANY', action: 'create', config: { durable_name: 'their-team', ack_policy: 'explicit', ...config } }
    return (
      await connection.request(`$JS.${importedDomain}.API.CONSUMER.CREATE.COMPANY.their-team.${own}`, JSON.stringify(request), {
        timeout: 2_000,
      })
    ).json()
  }
  for (const config of [
    { filter_subject: `company.${other}.>` },
    { filter_subject: 'company.>' },
    { filter_subjects: [own, 'company.>'] },
    {},
  ]) {
    expect(await create(config)).toMatchObject({ error: { code: 400 } })
  }
  expect(await create({ filter_subject: own })).toMatchObject({ config: { filter_subject: own } })
  expect((await connection.request(`$JS.${importedDomain}.API.CONSUMER.DELETE.COMPANY.their-team`)).json()).toMatchObject({ success: true })
})

/** What a store must be when nothing comes twice. */
const forgetful: SubscriberStore<undefined> = {
  once: (_, events, effect) => effect(undefined, events),
  bury: () => Promise.resolve(),
  readAnchor: () => Promise.resolve(undefined),
  saveAnchor: () => Promise.resolve(),
}

test.each(['their-team', 'plain-team'])(
  '%s: what packages/subscriber does works under these permissions, for its company alone',
  async (name) => {
    const handled: string[] = []
    const options = { company, types: ['frontdesk.usage.recorded.v1'], name } as const
    if (name === 'plain-team') await prepareSubscriber({ servers: broker.urlAs('operator'), ...options, telemetry })
    await using subscriber = createSubscriber({
      servers: broker.url,
      credentials: { nkeySeed: broker.seedOf(name) },
      domain: importedDomain,
      ...options,
      store: forgetful,
      handle: (_, event) => Promise.resolve(void handled.push(event.companyId)),
      telemetry,
    })
    await subscriber.ready()
    await using billing = broker.busAs('billing')
    await billing.connected()
    const [usage] = messagesOf('billing')
    if (!usage) throw new Error('billing publishes nothing')
    const foreign = { ...usage, envelope: { ...usage.envelope, id: deriveEventId([name, 'other']), companyId: other } }
    const mine = { ...usage, envelope: { ...usage.envelope, id: deriveEventId([name]), companyId: company } }
    await billing.publish([{ ...foreign, subject: companySubject(other, usage.envelope.type) }, mine])
    await eventually(() => expect(handled.length).toBeGreaterThan(0))
    expect(new Set(handled)).toEqual(new Set([company]))
    if (name === 'their-team') expect(await subscriber.checkGaps()).toEqual([])
    else await eventually(() => expect(telemetry.lines.map(({ msg }) => msg)).toContain(leftToOthers))
  },
)
