import { importedDomain } from '@frontdesk/bus'
import { companySubject, streams, vouchForCompanyId } from '@frontdesk/contracts'
import { prepareSubscriber } from '@frontdesk/subscriber'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import type { NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPermittedBroker } from './permitted-broker.ts'

const company = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')
const other = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02r')
const telemetry = createTestTelemetry()
const types = ['frontdesk.usage.recorded.v1', 'frontdesk.call.ended.v1'] as const
const name = 'plain-team'
let broker: Awaited<ReturnType<typeof startPermittedBroker>>

beforeAll(async () => {
  broker = await startPermittedBroker([{ name, company }], telemetry)
  await prepareSubscriber({ servers: broker.urlAs('operator'), company, types, name, telemetry })
})
afterAll(() => broker[Symbol.asyncDispose]())

async function publishOne(): Promise<void> {
  await using operator = broker.busAs('operator')
  await (await operator.manager()).jetstream().publish(companySubject(company, 'frontdesk.call.ended.v1'), '{}')
}

/** Everything that an answer in the wrong place could have changed. */
async function brokerState(): Promise<unknown> {
  await using operator = broker.busAs('operator')
  const manager = await operator.manager()
  const billing = await manager.consumers.info('COMPANY', 'billing')
  const states = streams.map(async (stream) => {
    const { state } = await manager.streams.info(stream.name)
    const consumers = await manager.consumers.list(stream.name).next()
    return [stream.name, state.messages, state.last_seq, consumers.map((consumer) => consumer.name).toSorted()]
  })
  return { streams: await Promise.all(states), unsettled: billing.num_ack_pending }
}

/** Has the broker answer in each way that a subscriber can: a delivery, that there is none, what a durable is, an acknowledged ack. */
async function requestAll(connection: NatsConnection, reply: string): Promise<void> {
  const pull = `$JS.${importedDomain}.API.CONSUMER.MSG.NEXT.COMPANY.${name}`
  for (const _ of ['a delivery', 'nothing left']) connection.publish(pull, JSON.stringify({ batch: 1, no_wait: true }), { reply })
  connection.publish(`$JS.${importedDomain}.API.CONSUMER.INFO.COMPANY.${name}`, '', { reply })
  connection.publish(`$JS.ACK.COMPANY.${name}.1.1.1.1.0`, '', { reply })
  await connection.flush()
  await new Promise((resolve) => setTimeout(resolve, 200))
}

test.each([
  ['another stream', 'ingress.retell.call.ended'],
  ['another company', `company.${other}.call.ended`],
  ['its own company', `company.${company}.call.ended`],
  ['the deletion of a stream', '$JS.API.STREAM.DELETE.QUARANTINE'],
  ['the purge of a stream', '$JS.API.STREAM.PURGE.COMPANY'],
  ['the deletion of a durable', '$JS.API.CONSUMER.DELETE.COMPANY.messaging'],
])('a subscriber that has its answers sent to %s changes nothing there', async (_, reply) => {
  await publishOne()
  await using connection = await broker.connectAsSubscriber(name)
  const before = await brokerState()
  await requestAll(connection, reply)
  expect(await brokerState()).toEqual(before)
})

test('a subscriber that has its answers sent to the acknowledgement of another’s delivery acknowledges nothing', async () => {
  await publishOne()
  await using operator = await broker.connectAs('operator')
  const order = JSON.stringify({ batch: 1, no_wait: true })
  const delivery = await operator.request('$JS.API.CONSUMER.MSG.NEXT.COMPANY.billing', order, { noMux: true, timeout: 2_000 })
  await using connection = await broker.connectAsSubscriber(name)
  const before = await brokerState()
  await requestAll(connection, delivery.reply ?? '')
  expect(before).toMatchObject({ unsettled: 1 })
  expect(await brokerState()).toEqual(before)
})

test('a subscriber hears nothing of what passes in our account, whatever it is called', async () => {
  await using connection = await broker.connectAsSubscriber(name)
  await using operator = await broker.connectAs('operator')
  const heard: string[] = []
  connection.subscribe(`_INBOX_${name}.>`, { callback: (_, { subject }) => void heard.push(subject) })
  await connection.flush()
  operator.publish(`_INBOX_${name}.from-us`)
  await operator.flush()
  connection.publish(`$JS.${importedDomain}.API.CONSUMER.INFO.COMPANY.${name}`, '', { reply: `_INBOX_${name}.own` })
  await expect.poll(() => heard).toEqual([`_INBOX_${name}.own`])
})

test('a subscriber’s delivery bears its own subject, and its acknowledgement reaches the durable', async () => {
  await using operator = broker.busAs('operator')
  const manager = await operator.manager()
  await publishOne()
  await using connection = await broker.connectAsSubscriber(name)
  for (let pending = 1; pending > 0; pending = (await manager.consumers.info('COMPANY', name)).num_pending) {
    const order = JSON.stringify({ batch: 1, no_wait: true })
    const delivery = await connection.request(`$JS.${importedDomain}.API.CONSUMER.MSG.NEXT.COMPANY.${name}`, order, {
      noMux: true,
      timeout: 2_000,
    })
    expect([delivery.subject, delivery.reply]).toEqual([
      `company.${company}.call.ended`,
      expect.stringContaining(`$JS.ACK.COMPANY.${name}.`),
    ])
    const acknowledged = await connection.request(delivery.reply ?? '', '+ACK', { timeout: 2_000 })
    expect(acknowledged.data).toHaveLength(0)
  }
})
