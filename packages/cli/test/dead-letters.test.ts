import { durables } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { eventId, at } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()

test('deadletters list keeps an error of many lines in its row', async () => {
  const letter = {
    handler: 'booking',
    eventId,
    revision: 2,
    eventType: 'frontdesk.call.analyzed.v1',
    error: 'no\nluck',
    attempts: 8,
    diedAt: at,
  }
  const cli = await operator({ operations: { listDeadLetters: () => Promise.resolve({ deadLetters: [letter] }) } })
  const { out } = await cli('deadletters', 'list', '--service', 'booking')
  expect(out.split('\n')).toHaveLength(2)
  expect(out).toContain(`8         ${eventId} --revision 2  no luck`)
  expect(JSON.parse((await cli('deadletters', 'list', '--service', 'booking', '--json')).out)).toMatchObject({
    deadLetters: [{ error: 'no\nluck' }],
  })
})

test('deadletters show finds the one letter on whatever page, with its payload and without control characters', async () => {
  const letter = {
    handler: 'billing',
    eventId,
    revision: 2,
    eventType: 'frontdesk.call.ended.v1',
    error: 'TypeError: no\n  at here',
    attempts: 8,
    diedAt: at,
    payload: '{"callId":"call_1","note":"\u009b2J"}',
  }
  const cli = await operator({
    operations: {
      listDeadLetters: ({ pageToken }) =>
        Promise.resolve(
          pageToken === '' ? { deadLetters: [{ ...letter, revision: 1 }], nextPageToken: 'more' } : { deadLetters: [letter] },
        ),
    },
  })
  const show = ['deadletters', 'show', 'billing', eventId, '--service', 'booking']
  const { code, out, err } = await cli(...show, '--revision', '2')
  expect(code).toBe(0)
  expect(out).toContain(
    'Attempts  8\nDied      2026-11-22T10:00:00.000Z\n\nError\nTypeError: no\n  at here\n\nPayload\n{\n  "callId": "call_1"',
  )
  expect(out).toContain('"\u{fffd}2J"')
  expect(err).toBe(`Again:  pnpm frontdesk deadletters redrive billing ${eventId} --revision 2 --service booking`)
  expect(JSON.parse((await cli(...show, '--json')).out)).toMatchObject({ deadLetter: { revision: 1, payload: letter.payload } })
  expect(await cli(...show, '--revision', '3')).toMatchObject({ code: 1, err: expect.stringContaining('has no dead letter') })
})

test('every service that consumes events can be asked for its dead letters', async () => {
  const asked: string[] = []
  const answer = () => (asked.push('listed'), Promise.resolve({ deadLetters: [] }))
  const cli = await operator({ operations: { listDeadLetters: answer } })
  const services = [...new Set(durables.map(({ service }) => service))]
  for (const service of services) expect(await cli('deadletters', 'list', '--service', service)).toMatchObject({ code: 0, err: '' })
  expect(asked).toHaveLength(services.length)
})

test('deadletters redrive runs the one letter once', async () => {
  const asked: unknown[] = []
  const cli = await operator({
    operations: {
      redriveDeadLetter: (request) => {
        asked.push(request)
        return Promise.resolve({})
      },
    },
  })
  expect(await cli('deadletters', 'redrive', 'booking', eventId, '--service', 'booking')).toMatchObject({ code: 0, err: '' })
  const json = await cli('deadletters', 'redrive', 'booking', eventId, '--service', 'booking', '--revision', '2', '--json')
  expect(JSON.parse(json.out)).toEqual({ redriven: { handler: 'booking', eventId, revision: 2 } })
  expect(asked).toEqual([
    { handler: 'booking', eventId, revision: 1 },
    { handler: 'booking', eventId, revision: 2 },
  ])
})
