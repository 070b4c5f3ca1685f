import { FrontdeskError } from '@frontdesk/errors'
import type { Provider } from '@frontdesk/providers'
import { expect, test } from 'vitest'
import { acceptWebhook } from './accept-webhook.ts'
import type { ConnectionSecrets } from './ports.ts'

const connectionId = 'con_01h455vb4pex5vsknk084sn02q'
const rawBody = Buffer.from('{}')

/** Accepts a body whose `x-secret` header is one of the secrets. */
const provider: Provider = {
  name: 'calcom',
  bodyLimitBytes: 1_000,
  verify: ({ headers }, secrets) => {
    if (!secrets.includes(headers['x-secret'] ?? '')) throw new FrontdeskError('signature_invalid', { publicMessage: 'no' })
  },
  normalize: () => [],
}

const limited = () => new FrontdeskError('rate_limited', { publicMessage: 'too much' })

function setUp(
  known: ConnectionSecrets | undefined,
  afterAsking: ConnectionSecrets | Promise<never> | undefined = known,
  { overLimit = false } = {},
) {
  const kept: unknown[] = []
  const asked: string[] = []
  const counted: string[] = []
  const accept = acceptWebhook({
    ledger: {
      keep: async (delivery) => {
        kept.push(delivery)
        return { accepted: 1, duplicates: 0 }
      },
    },
    platformSecrets: new Map([['retell', { current: ['platform'], previous: [] }]]),
    connections: {
      get: () => known,
      ask: async (id, bodyBytes) => {
        expect(bodyBytes).toBe(rawBody.length)
        asked.push(id)
        return afterAsking
      },
    },
    limits: {
      checkAddress: async (address) => (address === 'flooding' ? Promise.reject(limited()) : undefined),
      takeOfAddress: async (address) => (address === 'flooding' ? Promise.reject(limited()) : void counted.push(address)),
      takeOfConnection: async (id) => (overLimit ? Promise.reject(limited()) : void counted.push(id)),
    },
    clock: () => new Date(0),
    timeoutMs: 50,
  })
  const send = (secret: string | string[], overrides: Partial<Parameters<typeof accept>[0]> = {}) =>
    accept({ provider, connectionId, address: '203.0.113.7', headers: { 'x-secret': secret }, rawBody, ...overrides })
  return { send, kept, asked, counted }
}

const connection = (version: bigint, ...secrets: string[]): ConnectionSecrets => ({
  connectionId,
  provider: 'calcom',
  secrets,
  previousUntil: undefined,
  version,
})

test('what the connection’s current or previous secret signed is kept', async () => {
  const { send, kept, asked } = setUp(connection(1n, 'new', 'old'))
  await send('new')
  await send('old')
  expect(kept).toHaveLength(2)
  expect(asked).toEqual([])
})

test('a secret that was rotated since the last poll is learned before the answer', async () => {
  const { send, kept } = setUp(connection(1n, 'old'), connection(2n, 'new', 'old'))
  await send('new')
  expect(kept).toHaveLength(1)
})

test('a wrong signature is refused and nothing of it is kept', async () => {
  const { send, kept } = setUp(connection(1n, 'right'))
  await expect(send('wrong')).rejects.toMatchObject({ code: 'signature_invalid' })
  expect(kept).toEqual([])
})

test('a signature header that was sent twice counts as none', async () => {
  const { send } = setUp(connection(1n, 'right'))
  await expect(send(['right', 'right'])).rejects.toMatchObject({ code: 'signature_invalid' })
})

test('an unknown connection, one of another provider, and a path that is no id are all unknown', async () => {
  await expect(setUp(undefined).send('right')).rejects.toMatchObject({ code: 'unknown_connection' })
  await expect(setUp({ ...connection(1n, 'right'), provider: 'retell' }).send('right')).rejects.toMatchObject({
    code: 'unknown_connection',
  })
  const { send, asked } = setUp(connection(1n, 'right'))
  await expect(send('right', { connectionId: '../con_1' })).rejects.toMatchObject({ code: 'unknown_connection' })
  expect(asked).toEqual([])
})

test('a provider without a platform secret has no platform route', async () => {
  await expect(setUp(undefined).send('right', { connectionId: undefined })).rejects.toMatchObject({ code: 'unknown_connection' })
})

test('a directory that does not answer costs no more time than there is', async () => {
  const { promise: never } = Promise.withResolvers<never>()
  await expect(setUp(undefined, never).send('right')).rejects.toMatchObject({ code: 'unavailable', retryAfterMs: 1_000 })
})

test('what a connection signed takes from its own share, and what nobody signed from its address’s alone', async () => {
  const { send, counted } = setUp(connection(1n, 'right'))
  await send('right')
  await expect(send('wrong')).rejects.toMatchObject({ code: 'signature_invalid' })
  await expect(send('right', { connectionId: 'con_made_up' })).rejects.toMatchObject({ code: 'unknown_connection' })
  expect(counted).toEqual([connectionId, '203.0.113.7', '203.0.113.7'])
})

test('beyond its share a connection is told when to come back, and nothing is kept', async () => {
  const { send, kept } = setUp(connection(1n, 'right'), undefined, { overLimit: true })
  await expect(send('right')).rejects.toMatchObject({ code: 'rate_limited' })
  expect(kept).toEqual([])
})

test('from an address that floods us what is genuine is kept, the rest is 429, and made-up ids ask nobody', async () => {
  const { send, kept } = setUp(connection(1n, 'old'), connection(2n, 'new', 'old'))
  const address = 'flooding'
  await send('old', { address })
  await send('new', { address })
  await expect(send('wrong', { address })).rejects.toMatchObject({ code: 'rate_limited' })
  expect(kept).toHaveLength(2)
  const unknown = setUp(undefined)
  await expect(unknown.send('right', { address })).rejects.toMatchObject({ code: 'rate_limited' })
  expect(unknown.asked).toEqual([])
})

test('known bug 7: a path is no evidence: neither the platform’s secret nor another connection’s opens a connection’s path', async () => {
  const { send, kept } = setUp(connection(1n, 'secret of A'))
  await expect(send('platform')).rejects.toMatchObject({ code: 'signature_invalid' })
  await expect(send('secret of B')).rejects.toMatchObject({ code: 'signature_invalid' })
  expect(kept).toEqual([])
})
