import {
  AttributionServiceDefinition,
  DirectoryServiceDefinition,
  EvidenceKind,
  LedgerServiceDefinition,
  ReprocessMode,
} from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { sendWebhook } from '../src/dev/webhooks.ts'
import type { DemoCompany } from '../src/stack/manifest.ts'
import { startPrivateStack } from './private-stack.ts'

const slow = { timeoutMs: 20_000 }

test('a missing number lets a call go on to its appointment; when it was the wrong company’s, the appointment moves', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const { manifest } = cleanUp.use(await startPrivateStack())
  const [first, second] = manifest.companies as [DemoCompany, DemoCompany]
  const mysql = await createConnection({ uri: manifest.mysql.url, timezone: 'Z' })
  cleanUp.defer(() => mysql.end())
  const telemetry = cleanUp.use(createTelemetry({ service: 'e2e', logLevel: 'silent' }))
  const client = { issuer: fixedToken(manifest.operatorToken), telemetry }
  const resolver = { ...client, address: manifest.rpc['company-resolver'], audience: 'company-resolver' }
  const attribution = cleanUp.use(createRpcClient(AttributionServiceDefinition, resolver))
  const directory = cleanUp.use(createRpcClient(DirectoryServiceDefinition, resolver))
  const ingress = { ...client, address: manifest.rpc['webhook-ingress'], audience: 'webhook-ingress' }
  const ledger = cleanUp.use(createRpcClient(LedgerServiceDefinition, ingress))
  const appointments = async () => {
    const sql = 'select cast(company_id as char) company, status from booking.appointments where origin_id = ? order by created_at'
    return (await mysql.query<RowDataPacket[]>(sql, ['call_late']))[0].map(({ company, status }) => `${status} at ${company}`)
  }
  const minutes = async () => {
    const sql =
      "select cast(company_id as char) company, quantity from billing.usage_records where entity_id = 'call_late' order by created_at"
    return (await mysql.query<RowDataPacket[]>(sql))[0].map(({ company, quantity }) => `${quantity} at ${company}`)
  }

  const begun = new Date()
  const number = { kind: EvidenceKind.PHONE_NUMBER, value: '+4930999998' }
  const duration = { duration_ms: 61_000 }
  for (const name of ['call_ended', 'call_analyzed'] as const) {
    const call = {
      call_id: 'call_late',
      agent_id: 'agent_nobody_knows',
      to_number: number.value,
      ...duration,
      call_analysis: { custom_analysis_data: { appointment_requested: true, preferred_time: '2027-01-04T09:00:00Z' } },
    }
    const { body } = retellWebhook(name, { call })
    const headers = { 'x-retell-signature': signRetell(body, manifest.providers.retell.apiKey, Date.now()) }
    expect((await sendWebhook(manifest, { path: '/v1/webhooks/retell', body, headers })).accepted).toBe(1)
  }
  const { events } = await ledger.listEvents({ entityId: 'call_late' })
  const idOf = (type: string) => events.find(({ eventType }) => eventType === `frontdesk.call.${type}.v1`)?.eventId ?? ''
  for (const type of ['ended', 'analyzed']) {
    await eventually(async () => {
      const { attribution: kept } = await attribution.getAttribution({ eventId: idOf(type) })
      expect(kept?.decision).toMatchObject({ $case: 'quarantined' })
    }, slow)
  }
  expect(await appointments()).toEqual([])

  // The number is added with one of the call's events, and decides the other.
  const given = { eventId: idOf('analyzed'), companyId: first.id, addSignal: { evidence: number } }
  expect(await attribution.releaseEvent(given)).toMatchObject({ siblings: 1 })
  expect((await attribution.releaseSiblings({ signal: number })).siblings).toMatchObject([
    { event: { eventId: idOf('ended') }, released: true },
  ])
  await eventually(async () => expect(await appointments()).toEqual([`requested at ${first.id}`]), slow)
  await eventually(async () => expect(await minutes()).toEqual([`2 at ${first.id}`]), slow)

  // It was the other company's all along. What a person decided of an event is his to change: he corrects it.
  const { signals } = await directory.listSignals({ companyId: first.id, pageSize: 200 })
  const signalId = signals.find(({ value }) => value === number.value)?.signalId ?? ''
  const longAgo = new Date('2020-01-01T00:00:00Z')
  await directory.endSignal({ companyId: first.id, signalId, validUntil: longAgo })
  await directory.addSignal({ companyId: second.id, ...number })
  await attribution.reviewAttribution({ eventId: idOf('analyzed'), companyId: second.id })
  const plan = async () =>
    (await attribution.planReattribution({ decidedFrom: begun, decidedUntil: new Date(Date.now() + 60_000) })).changes
  const changes = await plan()
  expect(
    changes
      .map(({ eventId, companyId, decision }) => [eventId, companyId, decision?.$case === 'attributed' && decision.value.companyId])
      .toSorted(),
  ).toEqual([idOf('analyzed'), idOf('ended')].map((eventId) => [eventId, first.id, second.id]).toSorted())
  await ledger.reprocessEvents({ eventIds: changes.map(({ eventId }) => eventId), mode: ReprocessMode.AS_PUBLISHED, runId: 'reattribute' })
  await eventually(async () => expect(await appointments()).toEqual([`cancelled at ${first.id}`, `requested at ${second.id}`]), slow)
  await eventually(async () => expect(await minutes()).toEqual([`0 at ${first.id}`, `2 at ${second.id}`]), slow)
  expect(await plan()).toEqual([])
}, 180_000)
