import { errorCodes, FrontdeskError } from '@frontdesk/errors'
import type { ErrorCode } from '@frontdesk/errors'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isUnknownFailure, settle } from './settlement.ts'

const failed = (code: ErrorCode, options: { retryable?: boolean; retryAfterMs?: number } = {}) =>
  ({ kind: 'failed', error: new FrontdeskError(code, { publicMessage: 'no', ...options }) }) as const
const bug = { kind: 'failed', error: new Error('boom') } as const
const low = () => 0
const high = () => 0.999999

/** What every code of the errors package means for an event, at its first attempt and at its thousandth. */
const byCode: Record<ErrorCode, 'retry' | 'dead-letter' | 'unknown'> = {
  rate_limited: 'retry',
  unavailable: 'retry',
  deadline_exceeded: 'retry',
  version_conflict: 'retry',
  internal: 'unknown',
  cancelled: 'unknown',
  malformed_json: 'dead-letter',
  invalid_argument: 'dead-letter',
  payload_too_large: 'dead-letter',
  unsupported_encoding: 'dead-letter',
  signature_missing: 'dead-letter',
  signature_malformed: 'dead-letter',
  signature_invalid: 'dead-letter',
  timestamp_out_of_tolerance: 'dead-letter',
  token_missing: 'dead-letter',
  token_invalid: 'dead-letter',
  token_expired: 'dead-letter',
  permission_denied: 'dead-letter',
  unknown_connection: 'dead-letter',
  not_found: 'dead-letter',
  method_not_allowed: 'dead-letter',
  already_exists: 'dead-letter',
  failed_precondition: 'dead-letter',
}

test.each([1, 2, 8, 1_000])('what is done, or was done before, is acked at attempt %i', (attempt) => {
  expect(settle({ kind: 'done' }, attempt)).toEqual({ kind: 'ack' })
  expect(settle({ kind: 'duplicate' }, attempt)).toEqual({ kind: 'ack' })
})

test.each(errorCodes)('%s settles as the table says, at the first attempt and at the thousandth', (code) => {
  const first = settle(failed(code), 1)
  const late = settle(failed(code), 1_000)
  if (byCode[code] === 'dead-letter') {
    expect([first, late]).toEqual([
      { kind: 'dead-letter', reason: code },
      { kind: 'dead-letter', reason: code },
    ])
  } else {
    expect(first.kind).toBe('retry')
    expect(late.kind).toBe(byCode[code] === 'unknown' ? 'dead-letter' : 'retry')
  }
})

test.each([
  [1, 1_000, 2_000],
  [2, 2_000, 4_000],
  [3, 4_000, 8_000],
  [4, 8_000, 16_000],
  [5, 16_000, 32_000],
  [6, 32_000, 64_000],
  [7, 64_000, 128_000],
  [8, 128_000, 256_000],
  [9, 150_000, 300_000],
  [1_000_000, 150_000, 300_000],
])('a passing failure waits at attempt %i between %i and %i ms', (attempt, shortest, longest) => {
  expect(settle(failed('unavailable'), attempt, low)).toEqual({ kind: 'retry', delayMs: shortest })
  expect(settle(failed('unavailable'), attempt, high)).toEqual({ kind: 'retry', delayMs: longest })
})

test('an unknown failure is retried seven times and is dead at the eighth attempt', () => {
  for (let attempt = 1; attempt < 8; attempt++) expect(settle(bug, attempt).kind).toBe('retry')
  expect(settle(bug, 8)).toEqual({ kind: 'dead-letter', reason: 'unknown_error' })
  expect(settle(failed('internal'), 8)).toEqual({ kind: 'dead-letter', reason: 'internal' })
})

test.each(errorCodes)('%s counts towards the eight attempts only if the table has it as unknown', (code) => {
  expect(isUnknownFailure(failed(code).error)).toBe(byCode[code] === 'unknown')
  expect(isUnknownFailure(failed(code, { retryable: true }).error)).toBe(false)
  expect(isUnknownFailure(bug.error)).toBe(true)
})

test('what a failure says of itself goes before what its code says', () => {
  expect(settle(failed('not_found', { retryable: true }), 100).kind).toBe('retry')
  expect(settle(failed('unavailable', { retryable: false }), 1)).toEqual({ kind: 'dead-letter', reason: 'unavailable' })
})

test('a failure that asks for a pause gets it, up to five minutes', () => {
  expect(settle(failed('rate_limited', { retryAfterMs: 60_000 }), 1, low)).toEqual({ kind: 'retry', delayMs: 60_000 })
  expect(settle(failed('rate_limited', { retryAfterMs: 1 }), 1, low)).toEqual({ kind: 'retry', delayMs: 1_000 })
  expect(settle(failed('rate_limited', { retryAfterMs: 86_400_000 }), 1, low)).toEqual({ kind: 'retry', delayMs: 300_000 })
})

test('no attempt and no random number bring a delay outside of 1 s to 5 min', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (attempt, random) => {
      const settlement = settle(failed('unavailable'), attempt, () => random)
      expect(settlement.kind === 'retry' && settlement.delayMs >= 1_000 && settlement.delayMs <= 300_000).toBe(true)
    }),
  )
})
