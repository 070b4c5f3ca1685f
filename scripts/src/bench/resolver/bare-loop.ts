import { once } from 'node:events'
import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { createConnection, type ResultSetHeader } from 'mysql2/promise'
import type { BareTask } from './bare.ts'

// What the resolver's work would cost without the resolver: it takes the events of a stream in batches, commits the rows that
// the resolver commits, of the same sizes, into the same tables, and publishes each event for a company. It decides nothing.
const [batchSize, stream, durable] = [128, 'INGRESS', 'bare']
const { NATS_URL: servers = '', MYSQL_URL: uri = '' } = process.env
const broker = await connect({ servers })
const js = jetstream(broker)
const manager = await jetstreamManager(broker)
await manager.consumers.add(stream, { durable_name: durable, ack_policy: AckPolicy.Explicit, max_ack_pending: 2_000 })
const consumer = await js.consumers.get(stream, durable)
const database = await createConnection({ uri, supportBigNumbers: true })
process.send?.('ready')

const [{ events, sample, companyId }] = (await once(process, 'message')) as [BareTask]
let done = 0
while (done < events) {
  const batch: JsMsg[] = []
  for await (const message of await consumer.fetch({ max_messages: batchSize, expires: 1_000 })) batch.push(message)
  if (batch.length === 0) continue
  await keep(batch)
  done += batch.length
}
process.send?.('done')
await once(process, 'disconnect')
await database.end()
await broker.close()

async function keep(batch: readonly JsMsg[]): Promise<void> {
  const now = new Date().toISOString().slice(0, 23).replace('T', ' ')
  const events = batch.map((message) => {
    const [id = '', type = '', entity = ''] = ['ce-id', 'ce-type', 'ce-subject'].map((name) => message.headers?.get(name) ?? '')
    return {
      message,
      id: Buffer.from(id.slice(0, 64), 'hex'),
      type,
      entity,
      company: `company.${companyId}.${type.split('.').slice(1, -1).join('.')}`,
    }
  })
  await database.query('start transaction')
  await insert(
    'inbox (handler, event_id, revision, claim, event_type, attempts, handled_at, outcome)',
    events.map(({ id, type }) => ['bare', id, 1, 1, type, 1, now, 'done']),
  )
  await insert(
    'attributions (event_id, revision, event_type, source, company_id, confidence, details, waterfall, candidates, none_posterior, model_version, directory_version, as_of, decided_at)',
    events.map(({ id, type }) => [
      id,
      1,
      type,
      sample.source,
      companyId,
      0.99,
      '[]',
      sample.waterfall,
      sample.candidates,
      0.001,
      'bare',
      1,
      now,
      now,
    ]),
  )
  await insert(
    'entities (entity_key, company_id, event_id, attributed_at)',
    events.map(({ id }) => [id, companyId, id, now]),
  )
  const { insertId } = await insert(
    'outbox (event_id, revision, event_type, subject, entity_id, company_id, confidence, correlation_id, causation_id, body, occurred_at, created_at, next_attempt_at)',
    events.map(({ id, type, company, entity, message }) => [
      id,
      1,
      type,
      company,
      entity,
      companyId,
      0.99,
      id.toString('hex'),
      id.toString('hex'),
      Buffer.from(message.data),
      now,
      now,
      now,
    ]),
  )
  await database.query('commit')
  const acks = await Promise.all(
    events.map(({ company, id, message: { data, headers } }) =>
      js.publish(company, data, { msgID: `${id.toString('hex')}.bare`, ...(headers && { headers }) }),
    ),
  )
  await database.execute('update outbox set published_at = ?, stream = ?, stream_seq = ? where id between ? and ?', [
    now,
    acks[0]?.stream ?? '',
    acks.at(-1)?.seq ?? 0,
    insertId,
    insertId + events.length - 1,
  ])
  for (const { message } of events) message.ack()
}

async function insert(into: string, rows: readonly (readonly (string | number | Buffer)[])[]): Promise<ResultSetHeader> {
  const tuple = `(${rows[0]?.map(() => '?').join(', ')})`
  const [result] = await database.execute<ResultSetHeader>(`insert into ${into} values ${rows.map(() => tuple).join(', ')}`, rows.flat())
  return result
}
