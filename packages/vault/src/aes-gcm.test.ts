import { createSecretKey, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { decrypt, encrypt, overheadBytes } from './aes-gcm.ts'

const key = createSecretKey(randomBytes(32))
const nothing = new Uint8Array()

test('a tag of any other length than 16 bytes is refused, though its bytes are right', () => {
  const sealed = encrypt(key, nothing, nothing)
  expect(sealed).toHaveLength(overheadBytes)
  expect(decrypt(key, sealed, nothing)).toHaveLength(0)
  for (let tagBytes = 0; tagBytes < 16; tagBytes++) {
    expect(() => decrypt(key, sealed.subarray(0, 12 + tagBytes), nothing)).toThrow()
  }
})

test('no nonce comes twice', () => {
  const nonces = Array.from({ length: 10_000 }, () => encrypt(key, nothing, nothing).toString('hex', 0, 12))
  expect(new Set(nonces).size).toBe(10_000)
})
