import { expect, test } from 'vitest'
import { redact } from './redaction.ts'

test.each([
  'password',
  'apiKey',
  'RETELL_API_KEY',
  'x-retell-signature',
  'accessToken',
  'vaultKeys',
  'set-cookie',
  'privateJwk',
  'clientSecrets',
])('a member named %s is hidden at any depth', (name) => {
  const hidden = '[redacted]'
  expect(redact({ [name]: 'hunter2', list: [{ deep: { [name]: 'hunter2' } }] })).toEqual({
    [name]: hidden,
    list: [{ deep: { [name]: hidden } }],
  })
})

test('a password in a URL is hidden, and the rest of the URL stays', () => {
  expect(redact({ mysqlUrl: 'mysql://app:hunter2@db:3306/booking', url: 'http://collector:4318/' })).toEqual({
    mysqlUrl: 'mysql://app:[redacted]@db:3306/booking',
    url: 'http://collector:4318/',
  })
})

test('fields without a secret are the same object, and numbers and flags stay readable', () => {
  const fields = { eventId: 'e', tokens: 3, signature: true, at: new Date(0), nested: { list: [1, 'x'] } }
  expect(redact(fields)).toBe(fields)
})

test('the caller’s object is left as it was', () => {
  const fields = { headers: { authorization: 'Bearer x' } }
  redact(fields)
  expect(fields.headers.authorization).toBe('Bearer x')
})
