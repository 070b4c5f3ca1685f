import { expect, test } from 'vitest'
import { coversFilter, publishedSubjects, stageFilter, stagesOf } from './stages.ts'

test('what a provider sent is first without a company; what is of a service of ours, and a quarantined event, has one stage', () => {
  expect(stagesOf('frontdesk.call.ended.v1').map((stage) => [stage.publisher, stageFilter(stage)])).toEqual([
    ['webhook-ingress', 'ingress.*.call.ended'],
    ['company-resolver', 'company.*.call.ended'],
  ])
  expect(stagesOf('frontdesk.usage.recorded.v1').map(stageFilter)).toEqual(['company.*.usage.recorded'])
  expect(stagesOf('frontdesk.event.quarantined.v1').map(stageFilter)).toEqual(['quarantine.*.*'])
})

test('a service publishes its own subjects in both lanes and nobody else’s', () => {
  expect(publishedSubjects('billing')).toEqual(['company.*.usage.recorded', 'bulk.company.*.usage.recorded'])
})

test.each([
  ['ingress.>', 'ingress.*.call.ended', true],
  ['company.*.call.ended', 'company.*.call.ended', true],
  ['company.*.call.ended', 'company.x.call.ended', true],
  ['company.x.call.ended', 'company.*.call.ended', false],
  ['company.*.*.*', 'company.>', false],
  ['company.>', 'company', false],
  ['company.*', 'company.*.call', false],
])('%s covers %s: %s', (wider, filter, covers) => {
  expect(coversFilter(wider, filter)).toBe(covers)
})
