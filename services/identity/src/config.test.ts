import { loadConfig } from '@frontdesk/service'
import { expect, test } from 'vitest'
import { configSchema } from './config.ts'

const given = { MYSQL_URL: 'mysql://db/identity', SERVICE_CREDENTIALS_FILE: '/credentials.json', VAULT_KEYS: 'one:AAAA' }

test('a new key may not begin to sign before every replica has read it', () => {
  expect(loadConfig(configSchema, given).KEY_LEAD_MS).toBeGreaterThan(loadConfig(configSchema, given).KEY_RELOAD_MS)
  const hasty = { ...given, KEY_LEAD_MS: '10000', KEY_RELOAD_MS: '10000' }
  expect(() => loadConfig(configSchema, hasty)).toThrow('KEY_LEAD_MS: must be more than KEY_RELOAD_MS')
})
