/** What a sealed value is made of: `version, length of key id, key id, nonce, tag, ciphertext`. */
export interface Sealed {
  readonly keyId: string
  readonly nonce: Uint8Array
  readonly tag: Uint8Array
  readonly ciphertext: Uint8Array
}

export const version = 1
export const nonceLength = 12
/** Node accepts tags of 4 bytes unless it is told the length. */
export const tagLength = 16

export function encodeSealed({ keyId, nonce, tag, ciphertext }: Sealed): Buffer {
  const id = Buffer.from(keyId, 'ascii')
  return Buffer.concat([Buffer.of(version, id.length), id, nonce, tag, ciphertext])
}

/** The parts; undefined if the bytes can't be a sealed value of this version. */
export function decodeSealed(bytes: Uint8Array): Sealed | undefined {
  const [found, idLength = 0] = bytes
  const nonceAt = 2 + idLength
  const tagAt = nonceAt + nonceLength
  const ciphertextAt = tagAt + tagLength
  if (found !== version || bytes.length < ciphertextAt) return undefined
  return {
    keyId: Buffer.from(bytes.subarray(2, nonceAt)).toString('ascii'),
    nonce: bytes.subarray(nonceAt, tagAt),
    tag: bytes.subarray(tagAt, ciphertextAt),
    ciphertext: bytes.subarray(ciphertextAt),
  }
}

/** The parts one after the other, each behind its length, so that no two lists of parts read alike. */
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
