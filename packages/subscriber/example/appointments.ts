import { createSubscriber, mysqlInbox, mysqlInboxTables } from '@frontdesk/subscriber'
import type { Subscriber, SubscriberStore } from '@frontdesk/subscriber'
import { createPool } from 'mysql2/promise'
import type { Pool, PoolConnection } from 'mysql2/promise'

// Another team's program: counts the confirmed appointments of a company for each day, in its own database.
//   NATS_URL=nats://user:password@host:4222 MYSQL_URL=mysql://user:password@host/database COMPANY=cmp_… node appointments.ts

const tables = [...mysqlInboxTables, 'create table if not exists appointment_days (day char(10) primary key, confirmed int not null)']

export interface ExampleConfig {
  readonly natsUrl: string
  readonly company: string
  readonly pool: Pool
  readonly store?: SubscriberStore<PoolConnection>
}

export async function startExample({ natsUrl, company, pool, store = mysqlInbox(pool) }: ExampleConfig): Promise<Subscriber> {
  for (const table of tables) await pool.query(table)
  return createSubscriber({
    servers: natsUrl,
    company,
    types: ['frontdesk.appointment.confirmed.v1', 'frontdesk.appointment.rescheduled.v1'],
    name: 'appointment-days',
    store,
    // Adding one is an effect that must not happen twice: the inbox sees to it, in the same commit.
    async handle(tx, event) {
      if (event.type !== 'frontdesk.appointment.confirmed.v1') return
      const day = event.payload.appointment?.startsAt?.toISOString().slice(0, 10) ?? 'unknown'
      await tx.execute('insert into appointment_days values (?, 1) on duplicate key update confirmed = confirmed + 1', [day])
    },
    onGap: (gap) => console.error(`${gap.lane}: events after ${gap.seenTo} were ${gap.kind}`),
  })
}

if (import.meta.main) {
  const { NATS_URL = 'nats://127.0.0.1:4222', MYSQL_URL = '', COMPANY = '' } = process.env
  const pool = createPool({ uri: MYSQL_URL, connectionLimit: 4 })
  const subscriber = await startExample({ natsUrl: NATS_URL, company: COMPANY, pool })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void subscriber[Symbol.asyncDispose]().then(() => pool.end()))
  }
}
