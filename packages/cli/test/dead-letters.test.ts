import { durables } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { eventId, at } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()
const services = [...new Set(durables.map(({ service }) => service))]

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
  for (const service of services) expect(await cli('deadletters', 'list', '--service', service)).toMatchObject({ code: 0, err: '' })
  expect(asked).toHaveLength(services.length)
})

test('without a service the dead letters of all are listed, the newest first, each with its own, and where more are', async () => {
  const letterOf = (handler: string, minutes: number) => ({
    handler,
    eventId,
    revision: 1,
    diedAt: new Date(at.getTime() + minutes * 60_000),
  })
  const answers = services.map((service, index) => ({ deadLetters: [letterOf(service, index), letterOf(service, -index)] }))
  const cli = await operator({
    operations: { listDeadLetters: () => Promise.resolve({ ...answers.shift(), nextPageToken: answers.length === 0 ? 'next' : '' }) },
  })
  const { code, out, err } = await cli('deadletters', 'list', '--json')
  const { deadLetters, nextPageTokens } = JSON.parse(out) as { deadLetters: { service: string; diedAt: string }[]; nextPageTokens: object }
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(deadLetters).toHaveLength(2 * services.length)
  expect(deadLetters).toEqual(deadLetters.toSorted((a, b) => b.diedAt.localeCompare(a.diedAt)))
  expect(new Set(deadLetters.map(({ service }) => service))).toEqual(new Set(services))
  expect(Object.values(nextPageTokens)).toEqual(['next'])
})

test('a service that is away hides no other’s dead letters, and is told', async () => {
  let asked = 0
  const cli = await operator({
    operations: {
      listDeadLetters: () => {
        asked += 1
        if (asked <= 2) throw new FrontdeskError('not_found', { publicMessage: 'No such thing.' })
        return Promise.resolve({ deadLetters: [{ handler: 'h', eventId, revision: 1, diedAt: at }], nextPageToken: 'next' })
      },
    },
  })
  const { code, out, err } = await cli('deadletters', 'list')
  expect(code).toBe(1)
  expect(out.split('\n')).toHaveLength(1 + services.length - 2)
  expect(err.match(/No such thing/g)).toHaveLength(2)
  expect(err.match(/More: --service [a-z-]+ --page-token next/g)).toHaveLength(services.length - 2)
})

test('where none could be asked, it is not said that there are none', async () => {
  const cli = await operator()
  expect(await cli('deadletters', 'list')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('billing') })
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
