import { Attribution, QuarantineReason } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { eventId, acme, zenith, attributed, quarantined } from './fixtures.ts'
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
    'EVIDENCE      VALUE        WEIGHT  SPEAKS FOR      [1]      [2]',
    'phone number  +4930123456  +4.50   [1] [2]         0.4900   0.4900',
    'voice agent   agent_1      +9.00   [1]             >0.9999  <0.0001',
    'team          team_1       -0.25   nobody we know  -        -',
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
