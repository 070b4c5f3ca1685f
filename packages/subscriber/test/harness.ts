import { connectBus, encodeEnvelope } from '@frontdesk/bus'
import type { EventEnvelope } from '@frontdesk/bus'
import { applyStreams } from '@frontdesk/bus'
import { companySubject, deriveEventId, encodePayload, vouchForCompanyId } from '@frontdesk/contracts'
import type { EventType } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestDatabase, startNats } from '@frontdesk/testing'
import { createPool } from 'mysql2/promise'
import type { RowDataPacket } from 'mysql2/promise'
import { mysqlInboxTables } from '../src/index.ts'

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
    async rows(sql: string): Promise<Record<string, unknown>[]> {
      const [rows] = await pool.query<RowDataPacket[]>(sql)
      return rows
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  }
}
