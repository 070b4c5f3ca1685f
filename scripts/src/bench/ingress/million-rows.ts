import { setTimeout as wait } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { createConnection } from 'mysql2/promise'

/** How many events the ledger holds before anything is measured. */
export const rowsBefore = 1_000_000

/** By default; a ledger with rows that are older would be deleting them while it is measured. */
const outboxRetentionDays = 14

/** Rows of the last 30 days, as the ledger has them, with bodies of 1.5 KB; of the outbox, published, those that it still keeps. */
export async function fillLedger(mysqlUrl: string): Promise<void> {
  const connection = await createConnection(mysqlUrl)
  const stepUs = Math.floor((30 * 86_400_000_000) / rowsBefore)
  const fill = (table: string, columns: string, values: string, days = 31) =>
    connection.query(
      `insert into ${table} (${columns}) select ${values} from (
        select seq, date_sub(utc_timestamp(3), interval (${rowsBefore} - seq) * ${stepUs} microsecond) as at from seq_1_to_${rowsBefore}
      ) as n where at > utc_timestamp() - interval ${days} day`,
    )
  try {
    await connection.query(
      `alter table deliveries partition by range columns (received_at) (${days()}, partition rest values less than (maxvalue))`,
    )
    // Into empty tables InnoDB then sorts and builds pages at once, as a restored backup would have them.
    await connection.query('set unique_checks = 0, foreign_key_checks = 0')
    await fill(
      'events',
      'event_id, claim, delivery_id, provider, connection_id, type, entity_id, received_at',
      `unhex(sha2(seq, 256)), seq div 24, ${deliveryId}, 'retell', null, 'frontdesk.call.ended.v1', ${callId}, at`,
    )
    await fill(
      'deliveries',
      'delivery_id, provider, connection_id, received_at, headers, body',
      `${deliveryId}, 'retell', null, at, '{"content-type":"application/json","x-retell-signature":"[masked]"}', rpad(concat('{"call_id":"', ${callId}), 1536, 'x')`,
    )
    await fill(
      'outbox',
      'event_id, revision, event_type, subject, entity_id, correlation_id, body, occurred_at, created_at, published_at, stream, stream_seq, next_attempt_at',
      `unhex(sha2(seq, 256)), 1, 'frontdesk.call.ended.v1', 'ingress.retell.call.ended', ${callId}, lower(sha2(seq, 256)), rpad('{', 800, 'x'), at, at, at, 'INGRESS', seq, at`,
      outboxRetentionDays,
    )
    await connection.query('analyze table events, deliveries, outbox')
  } finally {
    await connection.end()
  }
}

/** Has the broker hold none of those rows' messages any more, since they were too old: what it had lost would be refilled. */
export async function ageMessagesOut(natsUrl: string): Promise<void> {
  const connection = await connect({ servers: natsUrl })
  try {
    const { streams } = await jetstreamManager(connection)
    for (let sent = 0; sent < rowsBefore; sent++) {
      connection.publish('ingress.retell.call.ended')
      if (sent % 10_000 === 0) await connection.flush()
    }
    while ((await streams.info('INGRESS')).state.last_seq < rowsBefore) await wait(100)
    await streams.purge('INGRESS')
  } finally {
    await connection.close()
  }
}

/** A partition for each of the days, as a service that had run would have made them. */
function days(): string {
  const dayMs = 24 * 60 * 60 * 1_000
  const text = (ms: number) => new Date(ms).toISOString().slice(0, 10)
  return Array.from({ length: 33 }, (_, index) => Date.now() + (index - 31) * dayMs)
    .map((day) => `partition p${text(day).replaceAll('-', '')} values less than ('${text(day + dayMs)} 00:00:00')`)
    .join(', ')
}

const deliveryId = "concat('dlv_0', lpad(seq, 25, '0'))"
const callId = "concat('call_', md5(seq))"
