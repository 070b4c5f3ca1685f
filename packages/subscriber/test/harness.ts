import { connectBus, encodeEnvelope } from '@frontdesk/bus'
import type { EventEnvelope } from '@frontdesk/bus'
import { applyStreams } from '@frontdesk/bus'
import { companySubject, deriveEventId, encodePayload, vouchForCompanyId } from '@frontdesk/contracts'
import type { EventType } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, eventually, startNats } from '@frontdesk/testing'
import { createPool } from 'mysql2/promise'
import { expect } from 'vitest'
import type { RowDataPacket } from 'mysql2/promise'
import { createSubscriber, mysqlInbox, mysqlInboxTables } from '../src/index.ts'
import type { Gap, SubscriberOptions } from '../src/index.ts'

/** Two companies of the tests. */
export const company = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')
export const otherCompany = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02r')

/** A message of an appointment that was confirmed for a day: the same seed is the same event. */
export function confirmed(seed: string, overrides: Partial<EventEnvelope> & { day?: string; body?: Uint8Array } = {}) {
  const { day = '2026-12-01', body, ...rest } = overrides
  const type = 'frontdesk.appointment.confirmed.v1' satisfies EventType
  const appointment = {
    appointmentId: `apt_${seed}`,
    customerId: 'cus_1',
    status: 'APPOINTMENT_STATUS_CONFIRMED',
    origin: 'APPOINTMENT_ORIGIN_CALL',
    originId: 'call_1',
    title: 'Haircut',
    startsAt: new Date(`${day}T10:00:00.000Z`),
    endsAt: undefined,
    version: 1,
  } as const
  const envelope: EventEnvelope = {
    id: deriveEventId(['subscriber', seed]),
    revision: 1,
    type,
    source: 'frontdesk/test',
    subject: appointment.appointmentId,
    time: new Date('2026-11-22T10:00:00.000Z'),
    companyId: company,
    correlationId: `cor_${seed}`,
    ...rest,
  }
  return { envelope, subject: companySubject(envelope.companyId ?? company, type), body: body ?? encodePayload(type, { appointment }) }
}

type Confirmed = 'frontdesk.appointment.confirmed.v1' | 'frontdesk.appointment.cancelled.v1'
type TestMessage = ReturnType<typeof confirmed>

/** A broker, a database, and what publishes to the one and looks into the other. */
export async function startHarness({ storeDir, port }: { storeDir?: string; port?: number } = {}) {
  const started = new AsyncDisposableStack()
  const telemetry = createTestTelemetry()
  const nats = started.use(await startNats({ ...(storeDir !== undefined && { storeDir }), ...(port !== undefined && { port }) }))
  const database = started.use(await createTestDatabase())
  const pool = createPool({ uri: database.url })
  started.defer(() => pool.end())
  const bus = started.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  await bus.connected()
  await applyStreams(bus)
  for (const table of mysqlInboxTables) await pool.query(table)
  let copies = 0

  return {
    nats,
    database,
    pool,
    bus,
    telemetry,
    /** Stores the message as it is, past the broker's own dedupe. */
    async publish(messages: readonly TestMessage[]): Promise<void> {
      const jetstream = (await bus.manager()).jetstream()
      await Promise.all(
        messages.map(({ envelope, subject, body }) =>
          jetstream.publish(subject, body, { headers: encodeEnvelope(envelope), msgID: `copy-${copies++}-${Math.random()}` }),
        ),
      )
    },
    /** A subscriber that keeps what it handled, and looks for gaps with each connection and when asked. */
    subscribe(overrides: Partial<SubscriberOptions<Confirmed, unknown>> = {}) {
      const handled: string[] = []
      const gaps: Gap[] = []
      const subscriber = createSubscriber<Confirmed, unknown>({
        servers: nats.url,
        company,
        types: ['frontdesk.appointment.confirmed.v1'],
        name: 'their-team',
        store: mysqlInbox(pool),
        handle: (_, event) => {
          handled.push(event.entityId)
          return Promise.resolve()
        },
        onGap: (gap) => gaps.push(gap),
        gapCheckMs: 60 * 60 * 1_000,
        telemetry,
        ...overrides,
      })
      return Object.assign(subscriber, { handled, gaps })
    },
    /** Resolves once a durable has delivered something and nothing of it waits. */
    async settled(durable = 'their-team'): Promise<void> {
      await eventually(
        async () => {
          const info = await (await bus.manager()).consumers.info('COMPANY', durable)
          expect([info.num_pending, info.num_ack_pending]).toEqual([0, 0])
          expect(info.delivered.stream_seq).toBeGreaterThan(0)
        },
        { timeoutMs: 15_000 },
      )
    },
    async rows(sql: string): Promise<Record<string, unknown>[]> {
      const [rows] = await pool.query<RowDataPacket[]>(sql)
      return rows
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}
