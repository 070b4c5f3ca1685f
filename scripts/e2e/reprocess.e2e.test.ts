import { encodePayload, EventSource, LedgerServiceDefinition, newId, ReprocessMode } from '@frontdesk/contracts'
import { providers } from '@frontdesk/providers'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { eventually } from '@frontdesk/testing'
import { createConnection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { sendWebhook } from '../src/dev/webhooks.ts'
import type { DemoCompany } from '../src/stack/manifest.ts'
import { startPrivateStack } from './private-stack.ts'

test('a reprocess and a re-normalize each reach their handler once, also within the broker’s dedupe window', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const { manifest } = cleanUp.use(await startPrivateStack())
  const company = manifest.companies[0] as DemoCompany
  const mysql = await createConnection({ uri: manifest.mysql.url, timezone: 'Z' })
  cleanUp.defer(() => mysql.end())
  const telemetry = cleanUp.use(createTelemetry({ service: 'e2e', logLevel: 'silent' }))
  const ledger = cleanUp.use(
    createRpcClient(LedgerServiceDefinition, {
      address: manifest.rpc['webhook-ingress'],
      audience: 'webhook-ingress',
      issuer: fixedToken(manifest.operatorToken),
      telemetry,
    }),
  )
  const rows = async (sql: string, ...params: (string | Buffer)[]) =>
    (await mysql.query<RowDataPacket[]>(sql, params))[0].map((row) => ({ ...row }))
  const change = (sql: string, ...params: unknown[]) => mysql.query<ResultSetHeader>(sql, params)

  /** Which revisions a service's handlers have taken of the event, each as often as it did. */
  const handled = async (service: string, id: Buffer) =>
    (await rows(`select revision, cast(outcome as char) outcome from ${service}.inbox where event_id = ? order by revision`, id)).map(
      (row) => Object.values(row),
    )
  /** What booking made of the call: one appointment, how often it was told of, and in which state it is. */
  const booked = async (callId: string) => {
    const [appointment] = await rows(
      'select title, change_revision revision, version from booking.appointments where origin_id = ?',
      callId,
    )
    const told = await rows(
      "select cast(event_type as char) type from booking.outbox where event_type like 'frontdesk.appointment.%' and cast(body as char) like ? order by id",
      `%${callId}%`,
    )
    return { ...appointment, told: told.map(({ type }) => String(type).split('.')[2]) }
  }

  const body = (callId: string) =>
    retellWebhook('call_analyzed', {
      call: {
        call_id: callId,
        agent_id: company.retellAgentIds[0] ?? '',
        to_number: company.phoneNumbers[0] ?? '',
        call_analysis: { custom_analysis_data: { appointment_requested: true, preferred_time: '2027-01-04T09:00:00Z' } },
      },
    }).body

  // A call as it comes.
  const webhook = body('call_reprocessed')
  const signature = signRetell(webhook, manifest.providers.retell.apiKey, Date.now())
  const answer = await sendWebhook(manifest, { path: '/v1/webhooks/retell', body: webhook, headers: { 'x-retell-signature': signature } })
  expect(answer.accepted).toBe(1)
  const [kept] = (await ledger.listEvents({ entityId: 'call_reprocessed' })).events
  const id = Buffer.from(kept?.eventId ?? '', 'hex')
  await eventually(async () => expect(await booked('call_reprocessed')).toMatchObject({ revision: 1, version: 1, told: ['requested'] }), {
    timeoutMs: 20_000,
  })

  // Reprocessed: each handler takes revision 2 once, and what booking made is the same and not told again.
  const again = { eventIds: [kept?.eventId ?? ''], mode: ReprocessMode.AS_PUBLISHED }
  expect((await ledger.reprocessEvents(again)).events).toMatchObject([{ outcome: 'REPROCESS_OUTCOME_RAISED', nextRevision: 2 }])
  const twice = [
    [1, 'done'],
    [2, 'done'],
  ]
  await eventually(async () => expect(await handled('booking', id)).toEqual(twice), { timeoutMs: 20_000 })
  expect(await handled('company_resolver', id)).toEqual(twice)
  expect(await booked('call_reprocessed')).toMatchObject({ revision: 2, version: 1, told: ['requested'] })

  // Normalized again, after an earlier version's normalizer had read another offering: booking amends the appointment.
  const [before] = await rows('select cast(body as char) body from webhook_ingress.event_revisions where event_id = ? and revision = 2', id)
  const misread = JSON.parse(String(before?.['body'])) as { appointmentRequest: { preferredStart?: string } }
  misread.appointmentRequest.preferredStart = '2027-01-05T09:00:00.000Z'
  await change('update webhook_ingress.event_revisions set body = ? where event_id = ?', JSON.stringify(misread), id)
  const anew = { ...again, mode: ReprocessMode.RENORMALIZE }
  expect((await ledger.reprocessEvents({ ...anew, dryRun: true })).events).toMatchObject([
    {
      nextRevision: 3,
      differences: [
        { path: 'appointmentRequest.preferredStart', before: '"2027-01-05T09:00:00.000Z"', after: '"2027-01-04T09:00:00.000Z"' },
      ],
    },
  ])
  expect((await ledger.reprocessEvents(anew)).events).toMatchObject([{ outcome: 'REPROCESS_OUTCOME_RAISED', nextRevision: 3 }])
  expect((await ledger.reprocessEvents(anew)).events).toMatchObject([{ outcome: 'REPROCESS_OUTCOME_UNCHANGED', revision: 3 }])
  await eventually(async () => expect(await handled('booking', id)).toEqual([...twice, [3, 'done']]), { timeoutMs: 20_000 })
  expect(await booked('call_reprocessed')).toMatchObject({ revision: 3, told: ['requested'] })

  // What an earlier version kept as drift: quarantined then, and an appointment once it is normalized by a schema that it fits.
  const raw = body('call_drifted')
  const delivery = { deliveryId: newId('dlv'), connectionId: undefined, receivedAt: new Date(), headers: {} }
  const [fits] = providers.retell.normalize(raw, delivery)
  if (!fits) throw new Error('the normalizer made nothing of the call')
  const source = EventSource.fromJSON((JSON.parse(Buffer.from(fits.body).toString()) as { source: unknown }).source)
  const drift = encodePayload('frontdesk.provider_event.received.v1', {
    source,
    schemaViolations: ['call: expected object'],
    data: undefined,
  })
  const drifted = Buffer.from(fits.id, 'hex')
  await change(
    "insert into webhook_ingress.deliveries (delivery_id, provider, received_at, headers, body) values (?, 'retell', ?, '{}', ?)",
    delivery.deliveryId,
    delivery.receivedAt,
    raw,
  )
  await change(
    `insert into webhook_ingress.events (event_id, claim, delivery_id, provider, type, entity_id, received_at)
     values (?, 1, ?, 'retell', 'frontdesk.provider_event.received.v1', 'call_drifted', ?)`,
    drifted,
    delivery.deliveryId,
    delivery.receivedAt,
  )
  await change(
    `insert into webhook_ingress.outbox (event_id, revision, event_type, subject, entity_id, correlation_id, body, occurred_at, created_at, next_attempt_at)
     values (?, 1, 'frontdesk.provider_event.received.v1', 'ingress.retell.provider_event.received', 'call_drifted', ?, ?, ?, ?, ?)`,
    drifted,
    fits.id,
    Buffer.from(drift),
    delivery.receivedAt,
    delivery.receivedAt,
    delivery.receivedAt,
  )
  const decisions = () =>
    rows('select revision, cast(reason as char) reason from company_resolver.attributions where event_id = ? order by revision', drifted)
  await eventually(async () => expect(await decisions()).toEqual([{ revision: 1, reason: 'schema_drift' }]), { timeoutMs: 20_000 })
  expect((await ledger.reprocessEvents({ ...anew, eventIds: [fits.id] })).events).toMatchObject([
    { outcome: 'REPROCESS_OUTCOME_RAISED', nextRevision: 2, nextEventType: 'frontdesk.call.analyzed.v1' },
  ])
  await eventually(async () => expect(await booked('call_drifted')).toMatchObject({ revision: 2, version: 1, told: ['requested'] }), {
    timeoutMs: 20_000,
  })
  expect(await decisions()).toEqual([
    { revision: 1, reason: 'schema_drift' },
    { revision: 2, reason: null },
  ])
  expect(await handled('booking', drifted)).toEqual([[2, 'done']])
}, 120_000)
