import { format, inspect } from 'node:util'
import { expect, test } from 'vitest'
import { SecretTexts } from './secret-texts.ts'

test('secrets verify as an array does, and show themselves nowhere, nor do parts of them', () => {
  const secrets = SecretTexts.holding('whsec_canary', 'whsec_before')
  expect(secrets.includes('whsec_canary')).toBe(true)
  expect([...secrets]).toEqual(['whsec_canary', 'whsec_before'])
  for (const shown of [secrets, secrets.slice(0, 1), secrets.filter(() => true), { any: { name: secrets } }, new Map([['a', secrets]])]) {
    const texts = [JSON.stringify(shown), inspect(shown, { depth: 9 }), format('%s %o %j', shown, shown, shown)]
    expect(texts.join()).not.toContain('whsec')
  }
  expect([secrets.toString(), secrets.toLocaleString()]).toEqual(['[redacted]', '[redacted]'])
  expect(JSON.stringify({ secrets })).toBe('{"secrets":"[redacted]"}')
})
