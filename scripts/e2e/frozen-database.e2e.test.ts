import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { type Answer, post } from './post.ts'
import { startPrivateStack } from './private-stack.ts'

const concurrent = 2_000
const frozenSeconds = 30
const mib = 1024 * 1024

test(`a frozen database: ${concurrent} webhooks at once, and more without end, are each told to send again within 2 s; none that was accepted is missing, memory is bounded, and it recovers by itself`, async () => {
  await using cleanUp = new AsyncDisposableStack()
  const stack = cleanUp.use(await startPrivateStack({ poolSize: 20 }))
  const mysqlPid = stack.mysql?.pid
  if (mysqlPid === undefined) throw new Error('MYSQL_URL names a server that is not ours to freeze')

  const agent = new Agent({ keepAlive: true, maxSockets: concurrent, maxFreeSockets: concurrent })
  cleanUp.defer(() => agent.destroy())
  const { ingress, providers, mysql, pids } = stack.manifest
  const accepted: string[] = []
  const send = async (callId: string) => {
    // Signed when it is sent: its time has to be the ingress's.
    const { body } = retellWebhook('call_started', { call: { call_id: callId } })
    const answer = await post(agent, `${ingress.url}/v1/webhooks/retell`, body, signRetell(body, providers.retell.apiKey, Date.now()))
    if (answer.status === 200) accepted.push(callId)
    return answer
  }
  const burst = (prefix: string) => Promise.all(Array.from({ length: concurrent }, (_, index) => send(`${prefix}_${index}`)))
  const ingressPid = pids['webhook-ingress'] ?? 0

  // All sockets are open before the clock runs: what is measured is the ingress.
  await eventually(async () => expect(statuses(await burst('before'))).toEqual([200]))
  // Its memory as such a load leaves it.
  for (let round = 0; round < 3; round += 1) await burst(`warm_${round}`)
  const rssBefore = await rssOf(ingressPid)
  let rssMost = rssBefore

  const frozen: Answer[] = []
  process.kill(mysqlPid, 'SIGSTOP')
  try {
    const until = performance.now() + frozenSeconds * 1_000
    frozen.push(...(await burst('frozen')))
    const senders = Array.from({ length: 500 }, async (_, sender) => {
      for (let index = 0; performance.now() < until; index += 1) {
        frozen.push(await send(`still_${sender}_${index}`))
        await wait(250)
      }
    })
    while (performance.now() < until) {
      rssMost = Math.max(rssMost, await rssOf(ingressPid))
      await wait(250)
    }
    await Promise.all(senders)
  } finally {
    process.kill(mysqlPid, 'SIGCONT')
  }
  const thawedAt = performance.now()
  const slowest = Math.max(...frozen.map(({ ms }) => ms))
  expect(statuses(frozen)).toEqual([503])
  expect(frozen.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true)
  expect(slowest).toBeLessThan(2_000)

  // Whatever the database did with them in the end, the second try keeps each event exactly once.
  await eventually(async () => expect(statuses(await burst('frozen'))).toEqual([200]), { timeoutMs: 20_000 })
  const recoveredMs = performance.now() - thawedAt
  const grownMib = (rssMost - rssBefore) / mib
  console.log(
    `frozen for ${frozenSeconds} s: ${frozen.length} answers, the slowest after ${slowest.toFixed(0)} ms; ` +
      `memory ${(rssBefore / mib).toFixed(0)} MiB, ${grownMib.toFixed(0)} more at most; all accepted again ${recoveredMs.toFixed(0)} ms after it`,
  )
  expect(grownMib).toBeLessThan(100)

  const connection = await createConnection(mysql.url)
  cleanUp.defer(() => connection.end())
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT CONVERT(entity_id USING ascii) AS callId, COUNT(*) AS kept FROM webhook_ingress.events WHERE type = 'frontdesk.call.started.v1' GROUP BY entity_id",
  )
  const kept = new Map(rows.map((row) => [String(row.callId), Number(row.kept)]))
  expect(accepted.filter((callId) => kept.get(callId) !== 1)).toEqual([])
}, 180_000)

const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))]

/** What a process holds in memory, in bytes. */
async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}
