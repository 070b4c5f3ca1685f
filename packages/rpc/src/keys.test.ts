import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { generateKeyPair, readPrivateJwk, readPublicJwks } from './keys.ts'

const directory = mkdtempSync(join(tmpdir(), 'frontdesk-rpc-keys-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, content: unknown): string {
  const file = join(directory, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

test('a private key survives its file', async () => {
  const { privateJwk } = await generateKeyPair('a', ['booking'])
  expect(await readPrivateJwk(write('a.json', privateJwk))).toEqual(privateJwk)
})

test('the public half has no private member', async () => {
  const { publicJwk } = await generateKeyPair('a', ['booking'])
  expect(publicJwk).not.toHaveProperty('d')
})

test('a file with a public key, or with no JSON, is refused by its name, without its content', async () => {
  const { publicJwk } = await generateKeyPair('a', ['booking'])
  await expect(readPrivateJwk(write('public.json', publicJwk))).rejects.toThrow(/public\.json is not a private/)
  const failure: unknown = await readPrivateJwk(write('broken.json', '{"d":"hunter2')).catch((error: unknown) => error)
  expect(String(failure)).toContain('broken.json is not JSON')
  expect(String(failure)).not.toContain('hunter2')
})

test('a JWKS keeps only Ed25519 keys that say for whom they speak', async () => {
  const { publicJwk } = await generateKeyPair('a', ['booking'])
  const { callers: _, ...unbound } = publicJwk
  const file = write('jwks.json', { keys: [publicJwk, { ...unbound, kid: 'b' }, { kty: 'oct', kid: 'c', k: 'AA', callers: ['*'] }, null] })
  expect([...(await readPublicJwks(file)).keys()]).toEqual(['a'])
})

test('what is no JWKS is refused by its name', async () => {
  await expect(readPublicJwks(write('list.json', []))).rejects.toThrow(/list\.json is not a JWKS/)
})
