import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import type { Decision } from './decide.ts'
import { release } from './release.ts'

const command = { companyId: 'A', by: 'usr_1', at: new Date('2026-11-29T06:00:00Z') }
const waiting: Decision = { kind: 'quarantined', reason: 'conflict', details: [] }
const attributedTo = (companyId: string): Decision => ({ kind: 'attributed', companyId, confidence: 0.99 })
const released: Decision = {
  kind: 'attributed',
  companyId: 'A',
  confidence: 1,
  release: { by: 'usr_1', at: command.at, from: 'conflict' },
}

test('what waits goes to the company, with who said so, when, and why it had waited', () => {
  expect(release(waiting, command)).toEqual(released)
})

test('what was discarded by mistake can still be released', () => {
  expect(release({ ...waiting, discard: { by: 'usr_2', at: command.at, note: '' } }, command)).toEqual(released)
})

test('a release that was made is not made again', () => {
  expect(release(released, { ...command, by: 'usr_2', at: new Date() })).toBeUndefined()
})

test.each<[string, Decision, string]>([
  ['attributed, to this company even', attributedTo('A'), 'attributed to A'],
  ['attributed to another', attributedTo('B'), 'attributed to B'],
  ['released to another', { ...released, companyId: 'B' }, 'released to B'],
])('an event that is %s is refused, naming its state', (_, decision, state) => {
  expect(() => release(decision, command)).toThrow(
    expect.toSatisfy((error: unknown) => isFrontdeskError(error, 'failed_precondition') && error.publicMessage.includes(state)),
  )
})
