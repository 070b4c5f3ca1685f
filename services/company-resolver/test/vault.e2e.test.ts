import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DirectoryServiceDefinition, newId, RotationTarget, VaultServiceDefinition } from '@frontdesk/contracts'
import { type ErrorCode, isFrontdeskError } from '@frontdesk/errors'
import { createRpcClient } from '@frontdesk/rpc'
import { loadConfig } from '@frontdesk/service'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configSchema } from '../src/config.ts'
import { startCompanyResolver } from '../src/service.ts'
import { startHarness } from './harness.ts'

let harness: Awaited<ReturnType<typeof startHarness>>
beforeAll(async () => {
  harness = await startHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

const optionsOf = (caller: string) => ({
  address: `127.0.0.1:${harness.service.rpcPort}`,
  issuer: harness.authority.issuer(caller),
  audience: 'company-resolver' as const,
  companies: 'all' as const,
  telemetry: harness.telemetry,
})
const codeOf = (work: Promise<unknown>): Promise<ErrorCode | 'answered'> =>
  work.then(
    () => 'answered',
    (error: unknown) => {
      if (isFrontdeskError(error)) return error.code
      throw error
    },
  )

test('an operator rotates keys; the ingress reads on what it read, and no secret shows in any answer or line', async () => {
  await using vault = createRpcClient(VaultServiceDefinition, optionsOf('cli'))
  await using ingress = createRpcClient(DirectoryServiceDefinition, optionsOf('webhook-ingress'))
  const { company } = await harness.directory.createCompany({ name: 'Salon', timeZone: 'Europe/Berlin' })
  const companyId = company?.companyId ?? ''
  const secret = 'canary-whsec-5b1fa3'
  const { connection } = await harness.directory.createConnection({ companyId, provider: 'calcom', secret })
  const connectionId = connection?.connectionId ?? ''
  const before = await ingress.getConnectionSecrets({ connectionId })
  const rotationId = newId('rot')

  const rotated = await vault.rotateKeys({ rotationId, target: RotationTarget.DATA_KEYS, companyId })
  expect(rotated.rotation).toMatchObject({ rotationId, companyId, companiesDone: 1, dataKeysMade: 1, secretsResealed: 1, startedBy: 'cli' })
  expect(rotated.rotation?.finishedAt).toBeInstanceOf(Date)
  expect(await vault.rotateKeys({ rotationId, target: RotationTarget.DATA_KEYS, companyId })).toEqual(rotated)
  const kek = await vault.rotateKeys({ rotationId: newId('rot'), target: RotationTarget.KEY_ENCRYPTION_KEY })
  expect(kek.rotation).toMatchObject({ dataKeysRewrapped: 0, companyId: '' })
  const status = await vault.getKeyStatus({})
  expect(status).toMatchObject({ currentKekId: 'test', connectionsOnOldKey: 0, connectionsOnActiveKey: 1 })
  // Not even the version rises, since nothing that the ingress keeps has changed.
  expect(await ingress.getConnectionSecrets({ connectionId })).toEqual(before)
  expect(before.connection?.currentSecret).toBe(secret)
  const shown = JSON.stringify([rotated, kek, status], (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
  expect(shown).not.toContain(secret)
  expect((await (await fetch(`${harness.service.adminUrl}/metrics`)).text()).includes(secret)).toBe(false)
})

test('no service rotates keys, and what is asked for wrongly is refused', async () => {
  await using vault = createRpcClient(VaultServiceDefinition, optionsOf('cli'))
  await using ofService = createRpcClient(VaultServiceDefinition, optionsOf('webhook-ingress'))
  const right = { rotationId: newId('rot'), target: RotationTarget.DATA_KEYS }
  expect(await codeOf(ofService.rotateKeys(right))).toBe('permission_denied')
  expect(await codeOf(ofService.getKeyStatus({}))).toBe('permission_denied')
  expect(await codeOf(vault.rotateKeys({ ...right, rotationId: 'x' }))).toBe('invalid_argument')
  expect(await codeOf(vault.rotateKeys({ ...right, target: RotationTarget.UNSPECIFIED }))).toBe('invalid_argument')
  expect(await codeOf(vault.rotateKeys({ ...right, companyId: 'cmp_1' }))).toBe('invalid_argument')
  expect(await codeOf(vault.rotateKeys({ ...right, companyId: newId('cmp') }))).toBe('not_found')
})

test('a key that is added to the ring’s file wraps the data keys without a restart, and the old one can go', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-ring-'))
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => rm(directory, { recursive: true }))
  const { VAULT_KEYS: given, ...config } = harness.config
  const VAULT_KEYS_FILE = join(directory, 'ring')
  await writeFile(VAULT_KEYS_FILE, `${given?.reveal()}\n`)
  const start = async () => {
    const running = await startCompanyResolver({ ...config, VAULT_KEYS_FILE, VAULT_KEYS: undefined })
    const address = `127.0.0.1:${running.rpcPort}`
    const clients = {
      vault: createRpcClient(VaultServiceDefinition, { ...optionsOf('cli'), address }),
      ingress: createRpcClient(DirectoryServiceDefinition, { ...optionsOf('webhook-ingress'), address }),
    }
    return { ...clients, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
  }
  const { company } = await harness.directory.createCompany({ name: 'Salon', timeZone: 'Europe/Berlin' })
  const made = { companyId: company?.companyId ?? '', provider: 'calcom', secret: 'a secret of before' }
  const { connection } = await harness.directory.createConnection(made)
  {
    await using running = await start()
    expect(await running.vault.getKeyStatus({})).toMatchObject({ currentKekId: 'test' })
    const next = `next:${randomBytes(32).toString('base64')}`
    await writeFile(VAULT_KEYS_FILE, `${next}\n${given?.reveal()}\n`)
    await eventually(async () => expect(await running.vault.getKeyStatus({})).toMatchObject({ currentKekId: 'next' }))
    const { rotation } = await running.vault.rotateKeys({ rotationId: newId('rot'), target: RotationTarget.KEY_ENCRYPTION_KEY })
    expect(rotation).toMatchObject({ failures: 0 })
    expect(rotation?.dataKeysRewrapped).toBeGreaterThan(0)
    await writeFile(VAULT_KEYS_FILE, next)
  }
  await using restarted = await start()
  const { dataKeys } = await restarted.vault.getKeyStatus({})
  expect(new Set(dataKeys.map(({ kekId }) => kekId))).toEqual(new Set(['next']))
  const read = await restarted.ingress.getConnectionSecrets({ connectionId: connection?.connectionId ?? '' })
  expect(read.connection?.currentSecret).toBe('a secret of before')
})

test('a resolver without a key ring does not start, and says which variables are missing', () => {
  expect(() => loadConfig(configSchema, { MYSQL_URL: 'mysql://db/x' })).toThrow('VAULT_KEYS: is not set, and VAULT_KEYS_FILE is neither')
})
