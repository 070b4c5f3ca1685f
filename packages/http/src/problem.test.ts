import { errorCodes, FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { httpStatusOf, toProblem } from './problem.ts'

test.each([
  ['malformed_json', 400],
  ['invalid_argument', 400],
  ['payload_too_large', 413],
  ['unsupported_encoding', 415],
  ['signature_missing', 401],
  ['signature_malformed', 401],
  ['signature_invalid', 401],
  ['timestamp_out_of_tolerance', 401],
  ['token_missing', 401],
  ['token_invalid', 401],
  ['token_expired', 401],
  ['permission_denied', 403],
  ['unknown_connection', 404],
  ['not_found', 404],
  ['method_not_allowed', 405],
  ['already_exists', 409],
  ['version_conflict', 409],
  ['failed_precondition', 409],
  ['rate_limited', 429],
  ['unavailable', 503],
  ['deadline_exceeded', 504],
  ['cancelled', 499],
  ['internal', 500],
] as const)('%s is %i', (code, status) => {
  expect(httpStatusOf[code]).toBe(status)
})

test.each(errorCodes)('a problem of code %s has the shape of RFC 9457 and keeps its detail inside', (code) => {
  const error = new FrontdeskError(code, { publicMessage: 'Say this.', detail: 'but not this' })
  const { status, headers, body } = toProblem(error, 'a'.repeat(32))
  expect(body).toEqual({
    type: `urn:frontdesk:problem:${code}`,
    title: expect.stringMatching(/^[A-Z][a-z ]+$/),
    status: httpStatusOf[code],
    code,
    detail: 'Say this.',
    traceId: 'a'.repeat(32),
  })
  expect(status).toBe(body.status)
  expect(headers['content-type']).toBe('application/problem+json')
})

test.each([
  [1, '1'],
  [1_000, '1'],
  [1_001, '2'],
  [30_000, '30'],
])('Retry-After rounds %i ms up to %s s', (retryAfterMs, seconds) => {
  expect(toProblem(new FrontdeskError('rate_limited', { publicMessage: '', retryAfterMs })).headers['retry-after']).toBe(seconds)
})

test('429 and 503 always say when to come back, others only when told', () => {
  const retryAfter = (code: (typeof errorCodes)[number]) =>
    toProblem(new FrontdeskError(code, { publicMessage: '' })).headers['retry-after']
  expect(errorCodes.filter((code) => retryAfter(code) !== undefined)).toEqual(['rate_limited', 'unavailable'])
})

test('every 401 names its scheme', () => {
  const scheme = (code: (typeof errorCodes)[number]) =>
    toProblem(new FrontdeskError(code, { publicMessage: '' })).headers['www-authenticate']
  expect(scheme('token_missing')).toBe('Bearer')
  expect(scheme('token_expired')).toBe('Bearer error="invalid_token"')
  expect(scheme('signature_invalid')).toBe('Signature')
  expect(scheme('not_found')).toBeUndefined()
})

test('what is no error of ours is internal and leaks nothing', () => {
  const problem = toProblem(new Error('Access denied for user root@db'))
  expect(problem.body).toMatchObject({ status: 500, code: 'internal' })
  expect(JSON.stringify(problem)).not.toContain('root@db')
  expect(problem.body).not.toHaveProperty('traceId')
})
