import { newId } from '@frontdesk/contracts'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { received } from './events.ts'
import { aSenderNumber, newCompany, startHarness } from './harness.ts'
import { startScriptedProvider } from './scripted-provider.ts'

/** An idempotency key that nobody used. */
export const key = () => newId('key')

/** Messaging before a provider whose answers a test scripts. */
export async function startScriptedHarness() {
  await using starting = new AsyncDisposableStack()
  const provider = starting.use(await startScriptedProvider())
  const harness = starting.use(await startHarness(provider.url))
  const owned = starting.move()
  return {
    ...harness,
    provider,
    /** What the company's outbox has told, the oldest first. */
    async outbox(companyId: string): Promise<{ type: string; body: Record<string, unknown> }[]> {
      const connection = await createConnection(harness.mysqlUrl)
      try {
        const sql = 'SELECT event_type AS type, body FROM outbox WHERE company_id = ? ORDER BY id'
        const [rows] = await connection.query<RowDataPacket[]>(sql, [companyId])
        return rows.map(({ type, body }) => ({ type: String(type), body: JSON.parse(String(body)) as Record<string, unknown> }))
      } finally {
        await connection.end()
      }
    },
    /** A company with a number and a customer who has just written to it. */
    async aConversation(overrides: object = {}) {
      const companyId = newCompany()
      const phoneNumberId = aSenderNumber()
      await harness.putSender(companyId, phoneNumberId)
      await harness.publish(received(companyId, `wamid.${newId('in')}`, { phoneNumberId, ...overrides }))
      const { conversations } = await harness.messaging.listConversations({ companyId })
      return { companyId, phoneNumberId, conversationId: conversations[0]?.conversationId ?? '' }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type ScriptedHarness = Awaited<ReturnType<typeof startScriptedHarness>>
