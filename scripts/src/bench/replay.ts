import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ReplayServiceDefinition, ReplayState } from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { connect } from '@nats-io/transport-node'
import { sendWebhook } from '../dev/webhooks.ts'
import type { Manifest } from '../stack/manifest.ts'
import { startStack } from '../stack/stack.ts'

const usage = `Usage: node scripts/src/bench/replay.ts [--events 20000] [--rate 1000] [--live 50] [--rounds 3] [--json]

How much a replay on the bulk lane slows live events, on a stack of its own. Keeps --events events, then sends --live
webhooks a second by turns alone and beside a replay of all of them at --rate events a second. The time of a live event is
from the webhook until its company's subject has it. Prints the p99 of both, and their ratio.`

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '20000' },
    rate: { type: 'string', default: '1000' },
    live: { type: 'string', default: '50' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  process.stdout.write(`${usage}\n`)
  process.exit(0)
}
const [events, rate, live, rounds] = [values.events, values.rate, values.live, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
]

await using cleanUp = new AsyncDisposableStack()
const say = (text: string) => void process.stderr.write(`${text}\n`)
const directory = await mkdtemp(join(tmpdir(), 'frontdesk-bench-'))
cleanUp.defer(() => rm(directory, { recursive: true, force: true }))
const { manifest } = cleanUp.use(
  await startStack({ root: resolve(import.meta.dirname, '../../..'), directory, logLevel: 'warn', onStep: say }),
)
const telemetry = cleanUp.use(createTelemetry({ service: 'bench', logLevel: 'silent', sampleRatio: 0 }))
const issuer = fixedToken(manifest.operatorToken)
const replays = cleanUp.use(
  createRpcClient(ReplayServiceDefinition, { address: manifest.rpc['webhook-ingress'], audience: 'webhook-ingress', issuer, telemetry }),
)
const nats = await connect({ servers: manifest.nats.url })
cleanUp.defer(() => nats.close())
/** When each awaited call came out for its company. */
const arrived = new Map<string, number>()
nats.subscribe('company.>', {
  callback: (_, message) => {
    const callId = message.headers?.get('ce-subject')
    if (callId) arrived.set(callId, performance.now())
  },
})

let serial = 0
async function sendCall({ companies, providers }: Manifest): Promise<{ callId: string; begun: number }> {
  const company = companies[serial % companies.length]
  const callId = `call_bench_${(serial += 1)}`
  const call = { call_id: callId, agent_id: company?.retellAgentIds[0] ?? '', to_number: company?.phoneNumbers[0] ?? '' }
  const { body } = retellWebhook('call_ended', { call })
  const headers = { 'x-retell-signature': signRetell(body, providers.retell.apiKey, Date.now()) }
  const begun = performance.now()
  const { status } = await sendWebhook(manifest, { path: '/v1/webhooks/retell', headers, body })
  if (status !== 200) throw new Error(`the ingress answered ${status}`)
  return { callId, begun }
}

/** Live webhooks at their rate for as long as `going` says; the milliseconds of each until its company's subject had it. */
async function liveUntil(going: () => Promise<boolean>): Promise<number[]> {
  const sent: Promise<{ callId: string; begun: number }>[] = []
  const start = performance.now()
  let on = true
  const watching = (async () => {
    // One look after the other.
    while (on) {
      on = await going()
      await wait(200)
    }
  })()
  while (on) {
    sent.push(sendCall(manifest))
    await wait(Math.max(0, start + (sent.length * 1_000) / live - performance.now()))
  }
  await watching
  const calls = await Promise.all(sent)
  const deadline = performance.now() + 30_000
  while (calls.some(({ callId }) => !arrived.has(callId)) && performance.now() < deadline) await wait(50)
  return calls.map(({ callId, begun }) => (arrived.get(callId) ?? Number.POSITIVE_INFINITY) - begun)
}

function forMs(ms: number): () => Promise<boolean> {
  const end = performance.now() + ms
  return async () => performance.now() < end
}

function quantile(times: readonly number[], share: number): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)] ?? Number.NaN
}

say(`keeping ${events} events`)
const since = new Date()
for (let left = events; left > 0; left -= 64) {
  // 64 at a time.
  await Promise.all(Array.from({ length: Math.min(64, left) }, () => sendCall(manifest)))
}
const until = new Date()
while (arrived.size < events) await wait(100)
await liveUntil(forMs(3_000))

const alone: number[] = []
const beside: number[] = []
for (let round = 1; round <= rounds; round += 1) {
  alone.push(...(await liveUntil(forMs((events / rate) * 1_000))))
  const { replay, matched } = await replays.startReplay({ selection: { receivedFrom: since, receivedUntil: until }, eventsPerSecond: rate })
  const begun = performance.now()
  const replayId = replay?.replayId ?? ''
  beside.push(...(await liveUntil(async () => (await replays.getReplay({ replayId })).replay?.state !== ReplayState.DONE)))
  say(`round ${round}: ${matched} events replayed in ${((performance.now() - begun) / 1_000).toFixed(1)} s`)
}

const [aloneP99Ms, besideP99Ms] = [quantile(alone, 0.99), quantile(beside, 0.99)]
const figures = { aloneP99Ms, besideP99Ms, ratio: besideP99Ms / aloneP99Ms }
const summary = (times: readonly number[]) =>
  `p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${quantile(times, 0.99).toFixed(1)} ms  (${times.length} events)`
process.stdout.write(`live events alone           ${summary(alone)}\n`)
process.stdout.write(`beside a replay of ${String(events).padEnd(8)} ${summary(beside)}\n`)
process.stdout.write(`ratio                       ${figures.ratio.toFixed(2)}\n`)
if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`)
