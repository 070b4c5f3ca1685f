import { createHash } from 'node:crypto'

/** SHA-256 of a secret of 128 bits and more, which needs no slow hash: nobody can try them all. */
export function digestOf(...parts: readonly string[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part)
  return hash.digest()
}
