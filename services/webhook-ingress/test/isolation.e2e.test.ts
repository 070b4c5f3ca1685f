import {
  type CompanyId,
  LedgerServiceDefinition,
  newId,
  OperationsServiceDefinition,
  ReplayServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { calcomWebhook, signCalcom } from '@frontdesk/providers/testing'
import { answersToOwn, probeIsolation, type ProbedService } from '@frontdesk/rpc/testing'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Harness, startHarness } from './harness.ts'
import { type Replays, startReplays } from './replays.ts'

let harness: Harness
let replays: Replays
let mine: Awaited<ReturnType<typeof aCompany>>
let theirs: Awaited<ReturnType<typeof aCompany>>
beforeAll(async () => {
  harness = await startHarness()
  replays = await startReplays(harness)
  mine = await aCompany('uid_of_mine')
  theirs = await aCompany('uid_of_theirs')
})
afterAll(async () => {
  await replays[Symbol.asyncDispose]()
  await harness[Symbol.asyncDispose]()
})

const receivedFrom = new Date(Date.now() - 3_600_000)

/** A company that the ingress has an event, a refusal and a replay of, and the requests about them. */
async function aCompany(entityId: string) {
  const companyId = vouchForCompanyId(newId('cmp'))
  const connectionId = harness.directory.setSecret(`secret of ${entityId}`)
  const { body } = calcomWebhook('BOOKING_CREATED', { payload: { uid: entityId } })
  const send = (secret: string) =>
    harness.post(`/v1/webhooks/calcom/${connectionId}`, body, { 'x-cal-signature-256': signCalcom(body, secret) })
  expect(await send(`secret of ${entityId}`)).toMatchObject({ status: 200 })
  expect(await send('another one')).toMatchObject({ status: 401 })
  const [event] = (await harness.ledger.listEvents({ entityId })).events
  const { eventId = '', deliveryId = '' } = event ?? {}
  await replays.allPublished()
  const { replayId } = await replays.start({ selection: { eventIds: [eventId] } })
  await replays.ended(replayId)
  await eventually(async () => expect((await harness.ledger.listRefusals({ connectionId })).refusals).toHaveLength(1))
  return {
    companyId,
    marks: [companyId, connectionId, entityId, eventId, deliveryId, replayId],
    ledger: {
      getEvent: { eventId },
      listEvents: { connectionId, entityId },
      getDelivery: { deliveryId },
      listRefusals: { connectionId },
      reprocessEvents: { eventIds: [eventId], deliveryId: '', mode: 'REPROCESS_MODE_AS_PUBLISHED', dryRun: true, runId: '' },
    },
    replays: {
      startReplay: { selection: { eventIds: [], companyId, connectionId, entityId, receivedFrom }, dryRun: true },
      getReplay: { replayId },
      listReplays: {},
      cancelReplay: { replayId },
    },
    operations: {
      getConservation: {},
      listDeadLetters: {},
      redriveDeadLetter: { handler: 'webhook-ingress', eventId, revision: 1 },
      getTimeline: { eventIds: [eventId] },
    },
  }
}

const services = {
  ledger: LedgerServiceDefinition,
  replays: ReplayServiceDefinition,
  operations: OperationsServiceDefinition,
} as const satisfies Record<string, ProbedService>
const names = Object.keys(services) as (keyof typeof services)[]

function clientFor(name: keyof typeof services) {
  const issuer = harness.authority.issuer('operator')
  return (companies: readonly CompanyId[] | 'all') =>
    harness.clients({ issue: (request) => issuer.issue({ ...request, companies: companies === 'all' ? companies : [...companies] }) })[name]
}

test.each(names)('of %s, a company’s token is refused, and alike, whatever it asks for', async (name) => {
  const company = (of: typeof mine) => ({ companyId: of.companyId, requests: of[name] as never })
  const probes = await probeIsolation({ service: services[name], client: clientFor(name), mine: company(mine), theirs: company(theirs) })
  expect(new Set(probes.map(({ method }) => method))).toEqual(new Set(Object.keys(services[name].methods)))
  for (const { method, field, caller, foreign, missing } of probes) {
    const what = `${caller} ${method} ${field}`
    expect([what, foreign]).toEqual([what, missing])
    expect([what, foreign.code]).toEqual([what, 'permission_denied'])
    for (const mark of theirs.marks) expect(foreign.bytes, what).not.toContain(mark)
  }
  const own = { companyId: mine.companyId, requests: mine[name] }
  const codes = await answersToOwn({ service: services[name], client: clientFor(name) }, own)
  expect(Object.keys(codes).toSorted()).toEqual(Object.keys(services[name].methods).toSorted())
  // There is no handler here to send anything back to, and what is done can't be cancelled.
  const refused = { ledger: [], replays: [['cancelReplay', 'failed_precondition']], operations: [['redriveDeadLetter', 'not_found']] }
  expect(Object.entries(codes).filter(([, code]) => code !== 'answered')).toEqual(refused[name])
})
