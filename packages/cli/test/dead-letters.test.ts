import { type DeadLetter, durables, type ListDeadLettersResponse } from '@frontdesk/contracts'
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
  expect(out).toContain('booking  booking')
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

/** An answer of services that take their turns; each is asked once. */
const inTurn = (answers: readonly (() => Partial<ListDeadLettersResponse>)[]) => {
  let asked = 0
  return { listDeadLetters: async () => answers[asked++ % answers.length]?.() ?? {} }
}
const letterAt = (minutes: number): DeadLetter => ({
  handler: 'h',
  eventId,
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  error: 'no luck',
  attempts: 8,
  diedAt: new Date(at.getTime() + minutes * 60_000),
  payload: '{}',
})
const refused = (): never => {
  throw new FrontdeskError('permission_denied', { publicMessage: 'Not yours.' })
}
const outcomeOf = ({ out }: { out: string }) =>
  JSON.parse(out) as { deadLetters: { service: string; diedAt: string }[]; more: string[]; away: { service: string; why: string }[] }
const minutesOf = (letters: readonly { diedAt: string }[]) => letters.map(({ diedAt }) => (Date.parse(diedAt) - at.getTime()) / 60_000)

test('without a service the newest dead letters of all are listed, each with its own', async () => {
  const cli = await operator({
    operations: inTurn(services.map((_, index) => () => ({ deadLetters: [letterAt(index + 1), letterAt(-index - 1)] }))),
  })
  const { deadLetters, more, away } = outcomeOf(await cli('deadletters', 'list', '--json'))
  expect(minutesOf(deadLetters)).toEqual(services.flatMap((_, index) => [index + 1, -index - 1]).toSorted((x, y) => y - x))
  expect(new Set(deadLetters.map(({ service }) => service))).toEqual(new Set(services))
  expect({ more, away }).toEqual({ more: [], away: [] })
  const limited = outcomeOf(await cli('deadletters', 'list', '--limit', '2', '--json'))
  expect(minutesOf(limited.deadLetters)).toEqual([services.length, services.length - 1])
  expect(limited.more).toHaveLength(services.length)
})

test('what is older than the end of a service’s page is left out, since others would be missing before it', async () => {
  const whole = () => ({ deadLetters: [letterAt(9), letterAt(-60)] })
  const cut = () => ({ deadLetters: [letterAt(5), letterAt(4)], nextPageToken: 'next' })
  const cli = await operator({ operations: inTurn([cut, ...services.slice(1).map(() => whole)]) })
  const { out, err } = await cli('deadletters', 'list')
  expect(out.split('\n')).toHaveLength(1 + 2 + services.length - 1)
  expect(err).toMatch(/^More of .*: name one with --service\.$/)
  expect(minutesOf(outcomeOf(await cli('deadletters', 'list', '--json')).deadLetters)).toEqual([9, 9, 9, 5, 4])
})

test('a service that could not be asked hides no other’s dead letters, and is told', async () => {
  const cli = await operator({
    operations: inTurn([refused, ...services.slice(1).map((_, index) => () => ({ deadLetters: [letterAt(index)] }))]),
  })
  const text = await cli('deadletters', 'list')
  expect(text.code).toBe(1)
  expect(text.out.split('\n')).toHaveLength(services.length)
  expect(text.err).toMatch(/^error: Could not ask\n  [a-z-]+: [a-z-]+: Not yours\. \[permission_denied\]\nhint: .*--service/)
  const answer = await cli('deadletters', 'list', '--json')
  expect(answer.code).toBe(1)
  expect(outcomeOf(answer).deadLetters).toHaveLength(services.length - 1)
  expect(outcomeOf(answer).away).toEqual([{ service: expect.any(String), why: expect.stringContaining('Not yours.') }])
})

test('a service without an address is one that could not be asked, whatever comes of the others', async () => {
  const [first, ...others] = services
  const cli = await operator({ manifest: { rpc: Object.fromEntries(others.map((service) => [service, '127.0.0.1:1'])) } })
  const { code, err } = await cli('deadletters', 'list')
  expect(code).toBe(1)
  expect(err).toContain(`  ${first}: Missing the address of ${first}`)
  for (const service of others) expect(err).toMatch(new RegExp(`  ${service}: .*\\[unavailable\\]\n`))
})

test('where none could be asked, it is not said that there are none', async () => {
  const cli = await operator({ operations: { listDeadLetters: refused } })
  expect(await cli('deadletters', 'list')).toMatchObject({ code: 1, out: '', err: expect.stringContaining('Could not ask') })
  expect(outcomeOf(await cli('deadletters', 'list', '--json'))).toMatchObject({ deadLetters: [], away: { length: services.length } })
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
