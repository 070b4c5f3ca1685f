import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { eventually, freePort } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, retellApiKey, startHarness } from './harness.ts'
import { type Replays, startReplays } from './replays.ts'

const bundle = new URL('../dist/main.mjs', import.meta.url).pathname
const calls = 60
const owned = new AsyncDisposableStack()
let harness: Harness
let replays: Replays
let since: Date
beforeAll(async () => {
  harness = owned.use(await startHarness())
  replays = owned.use(await startReplays(harness))
  since = new Date(Date.now() - 1_000)
  await Promise.all(
    Array.from({ length: calls }, async (_, index) => {
      const { body } = retellWebhook('call_started', { call: { call_id: `call_${index}` } })
      await harness.post('/v1/webhooks/retell', body, { 'x-retell-signature': signRetell(body, retellApiKey, Date.now()) })
    }),
  )
  await replays.allPublished()
  // From here on it is a process of its own that can be killed, on the same database and RPC port.
  await harness.ingress[Symbol.asyncDispose]()
}, 30_000)
afterAll(() => owned.disposeAsync())

async function startProcess(): Promise<ChildProcess> {
  const adminPort = await freePort()
  const child = spawn(process.execPath, [bundle], { env: { ...harness.environment, ADMIN_PORT: String(adminPort) }, stdio: 'ignore' })
  owned.defer(() => void child.kill('SIGKILL'))
  await eventually(
    async () => {
      const { ok } = await fetch(`http://127.0.0.1:${adminPort}/readyz`)
      if (!ok) throw new Error('the ingress is not ready')
    },
    { timeoutMs: 15_000 },
  )
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

async function sentSoFar(): Promise<number> {
  const [row] = await harness.sql<{ published: number }>('select published from replays')
  return Number(row?.published)
}

test('a replay whose ingress is killed, and killed again, goes on from its last batch and sends each event once', async () => {
  let child = await startProcess()
  // The client tries again after a while.
  await eventually(() => harness.replays.listReplays({}), { timeoutMs: 15_000 })
  const { replayId } = await replays.start({ selection: { receivedFrom: since }, eventsPerSecond: 30 })
  for (const reached of [5, 20]) {
    await eventually(async () => expect(await sentSoFar()).toBeGreaterThan(reached), { timeoutMs: 15_000 })
    // In the middle of it.
    await kill(child)
    expect(await sentSoFar()).toBeLessThan(calls)
    child = await startProcess()
  }
  expect(await replays.ended(replayId)).toMatchObject({ matched: BigInt(calls), published: BigInt(calls), failed: 0n })
  const sent = await replays.sentBy(replayId)
  expect([sent.length, new Set(sent).size]).toEqual([calls, calls])
}, 60_000)
