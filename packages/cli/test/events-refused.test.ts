import { expect, test } from 'vitest'
import { at } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()

test('events refused shows why deliveries were refused, alike ones in one row', async () => {
  const asked: unknown[] = []
  const refusal = { at, provider: 'calcom', connectionId: '', code: 'signature_invalid', address: '203.0.113.7', times: 12 }
  const cli = await operator({
    ledger: {
      listRefusals: (request) => {
        asked.push(request)
        return Promise.resolve({ refusals: [refusal], nextPageToken: 'next' })
      },
    },
  })
  const { out, err } = await cli('events', 'refused', '--code', 'signature_invalid', '--since', '1h')
  expect(out).toContain('2026-11-22T10:00:00.000Z  12     signature_invalid  calcom    -           203.0.113.7')
  expect(err).toBe('More: --page-token next')
  expect(asked).toMatchObject([{ provider: '', code: 'signature_invalid', refusedFrom: new Date('2026-11-22T09:00:00Z') }])
  expect(JSON.parse((await cli('events', 'refused', '--json')).out)).toMatchObject({ refusals: [{ times: 12 }], nextPageToken: 'next' })
})
