import { AttributionServiceDefinition, LedgerServiceDefinition } from '@frontdesk/contracts'
import { retellWebhook, signRetell } from '@frontdesk/providers/testing'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { sendWebhook } from '../src/dev/webhooks.ts'
import type { DemoCompany } from '../src/stack/manifest.ts'
import { startPrivateStack } from './private-stack.ts'

test('a call to a number that nobody knows waits, and makes one appointment once a person has said whose it is', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const { manifest } = cleanUp.use(await startPrivateStack())
  const [company, other] = manifest.companies as [DemoCompany, DemoCompany]
  const mysql = await createConnection({ uri: manifest.mysql.url, timezone: 'Z' })
  cleanUp.defer(() => mysql.end())
  const telemetry = cleanUp.use(createTelemetry({ service: 'e2e', logLevel: 'silent' }))
  const client = { issuer: fixedToken(manifest.operatorToken), telemetry }
  const resolver = { ...client, address: manifest.rpc['company-resolver'], audience: 'company-resolver' }
  const attribution = cleanUp.use(createRpcClient(AttributionServiceDefinition, resolver))
  const ingress = { ...client, address: manifest.rpc['webhook-ingress'], audience: 'webhook-ingress' }
  const ledger = cleanUp.use(createRpcClient(LedgerServiceDefinition, ingress))
  const rows = async (sql: string, ...params: (string | Buffer)[]) =>
    (await mysql.query<RowDataPacket[]>(sql, params))[0].map((row) => ({ ...row }))
  const appointments = () =>
    rows('select cast(company_id as char) company, status, version from booking.appointments where origin_id = ?', 'call_unknown')

  const call = {
    call_id: 'call_unknown',
    agent_id: 'agent_nobody_knows',
    to_number: '+4930999999',
    call_analysis: { custom_analysis_data: { appointment_requested: true, preferred_time: '2027-01-04T09:00:00Z' } },
  }
  const { body } = retellWebhook('call_analyzed', { call })
  const send = () => {
    const headers = { 'x-retell-signature': signRetell(body, manifest.providers.retell.apiKey, Date.now()) }
    return sendWebhook(manifest, { path: '/v1/webhooks/retell', body, headers })
  }
  expect((await send()).accepted).toBe(1)
  const [kept] = (await ledger.listEvents({ entityId: 'call_unknown' })).events
  const eventId = kept?.eventId ?? ''
  await eventually(
    async () => {
      const waits = await attribution.getAttribution({ eventId })
      expect(waits.attribution?.decision).toMatchObject({ $case: 'quarantined', value: { reason: 'QUARANTINE_REASON_NO_MATCH' } })
    },
    { timeoutMs: 20_000 },
  )
  expect(await appointments()).toEqual([])

  // At once, while the broker still knows the event's id, and by two people.
  const releases = await Promise.all([1, 2].map(() => attribution.releaseEvent({ eventId, companyId: company.id })))
  expect(releases.map(({ alreadyReleased }) => alreadyReleased).toSorted()).toEqual([false, true])
  const one = [{ company: company.id, status: 'requested', version: 1 }]
  await eventually(async () => expect(await appointments()).toEqual(one), { timeoutMs: 20_000 })

  // The provider sends it again, and somebody wants it elsewhere.
  expect(await send()).toMatchObject({ duplicates: 1 })
  await expect(attribution.releaseEvent({ eventId, companyId: other.id })).rejects.toMatchObject({ code: 'failed_precondition' })
  const taken = 'select revision, cast(outcome as char) outcome from booking.inbox where event_id = ?'
  expect(await rows(taken, Buffer.from(eventId, 'hex'))).toEqual([{ revision: 1, outcome: 'done' }])
  expect(await appointments()).toEqual(one)
}, 120_000)
