import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { eventually, startNats } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { connectBus } from './bus.ts'
import { company, testMessage } from './test-events.ts'
import { applyStreams } from './topology.ts'

const subject = 'company.*.call.ended'

test('every process hears an event once, is told when it begins to listen, and again after the broker was away', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const telemetry = createTestTelemetry()
  let nats = await startNats()
  cleanUp.defer(() => nats[Symbol.asyncDispose]())
  const open = () => cleanUp.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  const publisher = open()
  await applyStreams(publisher)
  const listeners = [open(), open()].map((bus) => {
    const heard: string[] = []
    const begun = { times: 0 }
    cleanUp.use(
      bus.listen({
        subject,
        onListening: () => void (begun.times += 1),
        onEvent: ({ envelope }) => {
          heard.push(envelope.subject)
          if (envelope.subject === 'call_throws') throw new Error('told to fail')
        },
      }),
    )
    return { heard, begun }
  })
  const times = () => listeners.map(({ begun }) => begun.times)
  await eventually(() => expect(times()).toEqual([1, 1]))
  for (const seed of ['a', 'throws', 'b']) await publisher.publish([testMessage(seed, { companyId: company })])
  await eventually(() =>
    expect(listeners.map(({ heard }) => heard)).toEqual([
      ['call_a', 'call_throws', 'call_b'],
      ['call_a', 'call_throws', 'call_b'],
    ]),
  )

  const { port } = new URL(nats.url)
  await nats[Symbol.asyncDispose]()
  nats = await startNats({ port: Number(port) })
  await eventually(() => expect(times()).toEqual([2, 2]), { timeoutMs: 15_000 })
  await applyStreams(publisher)
  await publisher.publish([testMessage('c', { companyId: company })])
  await eventually(() => expect(listeners.map(({ heard }) => heard.at(-1))).toEqual(['call_c', 'call_c']))
  expect(telemetry.lines.filter(({ msg }) => msg === 'an event that was heard could not be read')).toHaveLength(2)
}, 30_000)
