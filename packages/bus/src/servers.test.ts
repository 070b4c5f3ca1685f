import { expect, test } from 'vitest'
import { parseServers } from './servers.ts'

test('servers are URLs with commas between, and a user in one of them goes for all', () => {
  expect(parseServers('nats://a:4222, b')).toEqual({ servers: ['nats://a:4222', 'nats://b'] })
  expect(parseServers('nats://me:p%40ss@a:4222')).toEqual({ servers: ['nats://a:4222'], user: 'me', pass: 'p@ss' })
})
