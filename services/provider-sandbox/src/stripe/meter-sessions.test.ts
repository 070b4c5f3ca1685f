import { expect, test } from 'vitest'
import { createMeterSessions } from './meter-sessions.ts'

test('no more than a thousand sessions are kept, and the oldest goes first', () => {
  const sessions = createMeterSessions(() => new Date('2026-11-02T09:00:00Z'))
  const tokens = Array.from({ length: 1_001 }, () => sessions.open().authentication_token)
  expect(tokens.map((token) => sessions.has(token))).toEqual(tokens.map((_token, index) => index > 0))
})
