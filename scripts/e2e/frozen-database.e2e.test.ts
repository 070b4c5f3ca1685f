import { Agent, request } from 'node:http'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { startPrivateStack } from './private-stack.ts'

const concurrent = 2_000

test(`a frozen database: ${concurrent} webhooks at once are each told to send again within 2 s, and are kept once it is back`, async () => {
  await using cleanUp = new AsyncDisposableStack()
  const stack = cleanUp.use(await startPrivateStack({ poolSize: 20 }))
  const mysqlPid = stack.mysql?.pid
  if (mysqlPid === undefined) throw new Error('MYSQL_URL names a server that is not ours to freeze')

  const agent = new Agent({ keepAlive: true, maxSockets: concurrent, maxFreeSockets: concurrent })
  cleanUp.defer(() => agent.destroy())
  const { ingress, providers, mysql } = stack.manifest
  const send = (prefix: string) => {
    // Signed beforehand: the clock is the ingress's, not the signer's.
    const webhooks = Array.from({ length: concurrent }, (_, index) => {
      const { body } = retellWebhook('call_started', { call: { call_id: `${prefix}_${index}` } })
      return { body, signature: signRetell(body, providers.retell.apiKey, Date.now()) }
    })
    return Promise.all(webhooks.map(({ body, signature }) => post(agent, `${ingress.url}/v1/webhooks/retell`, body, signature)))
  }
  // All sockets are open before the clock runs: what is measured is the ingress.
  await eventually(async () => expect(statuses(await send('before'))).toEqual([200]))

  process.kill(mysqlPid, 'SIGSTOP')
  let frozen: Answer[]
  try {
    frozen = await send('frozen')
  } finally {
    process.kill(mysqlPid, 'SIGCONT')
  }
  expect(statuses(frozen)).toEqual([503])
  expect(Math.max(...frozen.map(({ ms }) => ms))).toBeLessThan(2_000)

  // Whatever the database did with them in the end, the second try keeps each event exactly once.
  await eventually(async () => expect(statuses(await send('frozen'))).toEqual([200]), { timeoutMs: 20_000 })
  const connection = await createConnection(mysql.url)
  cleanUp.defer(() => connection.end())
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT COUNT(*) AS kept FROM webhook_ingress.events WHERE type = 'frontdesk.call.started.v1'",
  )
  expect(Number(rows[0]?.kept)).toBe(2 * concurrent)
}, 60_000)

const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))]

interface Answer {
  readonly status: number
  readonly ms: number
}

function post(agent: Agent, url: string, body: Buffer, signature: string): Promise<Answer> {
  const { promise, resolve: answered, reject } = Promise.withResolvers<Answer>()
  const outgoing = request(url, { agent, method: 'POST', headers: { 'x-retell-signature': signature, 'content-length': body.length } })
  let begun = performance.now()
  outgoing.on('socket', () => {
    begun = performance.now()
  })
  outgoing.on('response', (response) => {
    response.resume().on('end', () => answered({ status: response.statusCode ?? 0, ms: performance.now() - begun }))
  })
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}
