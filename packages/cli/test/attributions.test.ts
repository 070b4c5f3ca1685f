import { Attribution, Company, QuarantineReason } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { eventId, acme, at, zenith, attributed, quarantined } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()

test('attributions explain shows the waterfall: each piece, its weight, and what it made of each candidate', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    attribution: {
      getAttribution: (request) => {
        asked.push(request)
        return Promise.resolve({ attribution: attributed })
      },
    },
  })
  const { code, out } = await cli('attributions', 'explain', eventId)
  expect(code).toBe(0)
  expect(out).toContain(`Decision  attributed to ${acme}, confidence >0.9999`)
  expect(out.split('\n').slice(-9)).toEqual([
    'EVIDENCE      VALUE        WEIGHT  SPEAKS FOR      [1]      [2]      NONE',
    'phone number  +4930123456  +4.50   [1] [2]         0.4900   0.4900   0.0200',
    'voice agent   agent_1      +9.00   [1]             >0.9999  <0.0001  <0.0001',
    'team          team_1       -0.25   nobody we know  >0.9999  <0.0001  <0.0001',
    '',
    '     CANDIDATE                       POSTERIOR',
    `[1]  ${acme}  >0.9999`,
    `[2]  ${zenith}  <0.0001`,
    '     none of ours                    <0.0001',
  ])
  await cli('attributions', 'explain', eventId, '--revision', '3')
  expect(asked).toEqual([
    { eventId, revision: 0 },
    { eventId, revision: 3 },
  ])
  expect(JSON.parse((await cli('attributions', 'explain', eventId, '--json')).out)).toEqual(Attribution.toJSON(attributed))
})

test('a quarantined event explains why it waits', async () => {
  const cli = await operator({ attribution: { getAttribution: () => Promise.resolve({ attribution: quarantined }) } })
  const { out } = await cli('attributions', 'explain', eventId)
  expect(out).toContain('quarantined, schema drift: call.id: expected string')
  expect(out).toContain('There was no evidence.')
})

test('quarantine list filters by reason and names the closest company', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    attribution: {
      listQuarantine: ({ reason }) => {
        asked.push(reason)
        return Promise.resolve({ attributions: [{ ...quarantined, candidates: attributed.candidates }] })
      },
    },
  })
  const { out } = await cli('quarantine', 'list', '--reason', 'schema_drift')
  expect(out).toContain(`schema drift  frontdesk.call.ended.v1  ${acme} >0.9999`)
  expect(JSON.parse((await cli('quarantine', 'list', '--json')).out)).toMatchObject({ attributions: [{ eventId }], nextPageToken: '' })
  expect(asked).toEqual([QuarantineReason.SCHEMA_DRIFT, QuarantineReason.UNSPECIFIED])
})

test('quarantine release gives an event to the company of that name, and tells who had done so before', async () => {
  const release = { releasedBy: 'usr_ada', releasedAt: at, reason: QuarantineReason.SCHEMA_DRIFT }
  const attribution = { ...attributed, decision: { $case: 'attributed', value: { companyId: acme, confidence: 1, release } } } as const
  const asked: unknown[] = []
  const cli = await operator({
    companies: { listCompanies: () => Promise.resolve({ companies: [Company.fromPartial({ companyId: acme, name: 'Acme' })] }) },
    attribution: {
      getAttribution: () => Promise.resolve({ attribution }),
      releaseEvent: (request) => {
        asked.push(request)
        return Promise.resolve({ attribution, alreadyReleased: asked.length > 1 })
      },
    },
  })
  expect(await cli('quarantine', 'release', eventId, '--company', 'ac')).toEqual({
    code: 0,
    out: `Released: ${eventId} goes to Acme as frontdesk.call.ended.v1.`,
    err: `Its way:  pnpm frontdesk events show ${eventId}`,
  })
  const again = await cli('quarantine', 'release', eventId, '--company', acme)
  expect(again.out).toContain('by usr_ada at 2026-11-22T10:00:00.000Z already')
  const { out } = await cli('quarantine', 'release', eventId, '--company', acme, '--json')
  expect(JSON.parse(out)).toEqual({ attribution: Attribution.toJSON(attribution), alreadyReleased: true })
  expect(asked).toEqual([1, 2, 3].map(() => ({ eventId, companyId: acme })))
  expect((await cli('attributions', 'explain', eventId)).out).toContain(
    `released to ${acme} by usr_ada at 2026-11-22T10:00:00.000Z; it had waited as schema drift`,
  )
})

test('a release that is refused says why, and an unknown company is told before anything is asked', async () => {
  const cli = await operator({ companies: { listCompanies: () => Promise.resolve({ companies: [] }) } })
  expect(await cli('quarantine', 'release', eventId, '--company', acme)).toMatchObject({
    code: 1,
    out: '',
    err: expect.stringContaining('[not_found]'),
  })
  const unknown = await cli('quarantine', 'release', eventId, '--company', 'acme')
  expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining('No company is called "acme"') })
})
