import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** What encryption adds: nonce and tag, in bytes. */
export const overheadBytes = nonceBytes + tagBytes

/** AES-256-GCM under a fresh random nonce: nonce, tag, ciphertext. */
export function encrypt(key: KeyObject, plaintext: Uint8Array, associated: Uint8Array): Buffer {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: tagBytes })
  cipher.setAAD(associated)
  const ciphertext = [cipher.update(plaintext), cipher.final()]
  return Buffer.concat([nonce, cipher.getAuthTag(), ...ciphertext])
}

/**
 * The plaintext of what `encrypt` gave.
 * @throws Error if a byte of it or of the associated data is another one, or missing.
 */
export function decrypt(key: KeyObject, encrypted: Uint8Array, associated: Uint8Array): Buffer {
  // Without the length Node takes tags down to 4 bytes.
  const decipher = createDecipheriv(algorithm, key, encrypted.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(associated)
  decipher.setAuthTag(encrypted.subarray(nonceBytes, overheadBytes))
  return Buffer.concat([decipher.update(encrypted.subarray(overheadBytes)), decipher.final()])
}

/** Each part behind its length, so that no two lists read alike. */
export function lengthPrefixed(parts: readonly string[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const bytes = Buffer.from(part, 'utf8')
      const length = Buffer.alloc(4)
      length.writeUInt32BE(bytes.length)
      return [length, bytes]
    }),
  )
}
