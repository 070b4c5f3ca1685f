import { durables, streams } from '@frontdesk/contracts'
import { startNats, type NatsServer } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from './terminal.ts'

let nats: NatsServer

beforeAll(async () => {
  nats = await startNats()
})

afterAll(() => nats[Symbol.asyncDispose]())

const cli = (...argv: string[]) => run(argv, { env: { NATS_URL: nats.url } })

test('check fails before apply, says what to do, and succeeds after it; apply twice is once', async () => {
  const before = await cli('streams', 'check')
  expect(before.code).toBe(1)
  for (const { service, stream, name } of durables) {
    expect(before.out).toContain(`${service.padEnd(16)}  missing    durable  ${stream}/${name}`)
  }
  expect(before.err).toContain('streams apply')

  const dry = JSON.parse((await cli('streams', 'apply', '--dry-run', '--json')).out) as { changes: unknown[] }
  expect(dry.changes).toHaveLength(streams.length + durables.length)
  expect((await cli('streams', 'check')).code).toBe(1)

  const applied = await cli('streams', 'apply')
  expect([applied.code, applied.err]).toEqual([0, ''])
  expect(applied.out).toContain('created       stream   INGRESS')
  expect(await cli('streams', 'check')).toEqual({ code: 0, out: 'Every service finds what it needs.', err: '' })
  expect(await cli('streams', 'apply')).toEqual({ code: 0, out: 'Nothing to change.', err: '' })
  expect(JSON.parse((await cli('streams', 'check', '--json')).out)).toEqual({ incompatibilities: [] })
})

test('a broker that is away is told with its address, without its password, within seconds', async () => {
  const { code, out, err } = await run(['streams', 'apply', '--nats', 'nats://operator:hunter2@127.0.0.1:1'])
  expect([code, out]).toEqual([1, ''])
  expect(err).toContain('127.0.0.1:1 (from --nats)')
  expect(err).not.toContain('hunter2')
})
