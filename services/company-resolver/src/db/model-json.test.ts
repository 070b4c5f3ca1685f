import { expect, test } from 'vitest'
import { shippedModel } from '../domain/model.ts'
import { parseModel, parseTrial, toParameters, unreadablePartOf } from './model-json.ts'

const kept = () => JSON.parse(JSON.stringify(toParameters(shippedModel))) as Record<string, unknown> & { kinds: Record<string, object> }

test('a model is read back as it was kept, under its version', () => {
  expect(parseModel('shipped-4', kept())).toEqual(shippedModel)
})

test.each<[string, (of: ReturnType<typeof kept>) => unknown]>([
  ['what lacks a number', ({ companies: _companies, ...rest }) => rest],
  ['what lacks a kind', ({ kinds: { team: _team, ...kinds }, ...rest }) => ({ ...rest, kinds })],
  ['a kind that this release does not know', (of) => ({ ...of, kinds: { ...of.kinds, fax: of.kinds['team'] } })],
  ['a number that this release does not know', (of) => ({ ...of, temperature: 1 })],
  ['a number as text', (of) => ({ ...of, minConfidence: '0.95' })],
  ['a share of 0, whose logarithm is infinite', (of) => ({ ...of, kinds: { ...of.kinds, team: { ...of.kinds['team'], u: 0 } } })],
  [
    'a kind that speaks against its own company',
    (of) => ({ ...of, kinds: { ...of.kinds, team: { ...of.kinds['team'], u: 0.9, m: 0.1 } } }),
  ],
  ['a calibration without its number', (of) => ({ ...of, calibration: { 'phone_number own': null } })],
  ['a value that always misleads', (of) => ({ ...of, doubts: { x: 1 } })],
  ['a τ above 1', (of) => ({ ...of, minConfidence: 1.01 })],
  ['nothing', () => null],
])('%s is no model', (_, broken) => {
  expect(() => parseModel('shipped-4', broken(kept()))).toThrow()
})

test('what could not be read back is named before it is kept', () => {
  expect(unreadablePartOf(shippedModel)).toBeUndefined()
  expect(unreadablePartOf({ ...shippedModel, noneLogOdds: Number.POSITIVE_INFINITY })).toBe('noneLogOdds')
  const more = { ...shippedModel, temperature: 1 }
  expect(unreadablePartOf(more)).toBe('the whole')
})

test('a trial is read back as it was kept, and nothing else is one', () => {
  const loss = { logLoss: 0.2, brier: 0.1 }
  const trial = { against: 'shipped-4', labels: 500, inForce: loss, fitted: loss, attributedShare: { inForce: 0.98, fitted: 0.97 } }
  expect(parseTrial(JSON.parse(JSON.stringify(trial)))).toEqual(trial)
  expect(() => parseTrial({ ...trial, labels: -1 })).toThrow()
  expect(() => parseTrial(null)).toThrow()
})
