import { isValidPhoneNumber } from 'libphonenumber-js'
import { expect, test } from 'vitest'
import { planCompanies } from './seed.ts'

test('no two seedings give their companies anything in common', () => {
  const attempts = 200
  const plans = Array.from({ length: attempts }, planCompanies).flat()
  const signals = plans.flatMap(({ phoneNumbers, retellAgentIds, calcom }) => [
    ...phoneNumbers,
    ...retellAgentIds,
    calcom.organizerEmail,
    `event type ${String(calcom.eventTypeIds[0])}`,
  ])
  // Of four signals each: a chance of one in ten thousand that two numbers or event types meet does no harm.
  expect(new Set(signals).size).toBeGreaterThanOrEqual(2 * attempts * 4 - 1)
})

test('every number that is seeded could be one', () => {
  const numbers = Array.from({ length: 1_000 }, planCompanies).flatMap((plans) => plans.flatMap(({ phoneNumbers }) => phoneNumbers))
  expect(numbers.filter((number) => !isValidPhoneNumber(number))).toEqual([])
})
