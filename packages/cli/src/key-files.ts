import { readFile, rename, writeFile } from 'node:fs/promises'
import type { PrivateJwk, PublicJwk } from '@frontdesk/rpc'
import { json } from './format.ts'
import { CommandError } from './errors.ts'

/** Writes a private key for its owner's eyes alone; refuses to overwrite. */
export async function writeNew(file: string, jwk: PrivateJwk): Promise<void> {
  await writeFile(file, `${json(jwk)}\n`, { mode: 0o600, flag: 'wx' })
}

/** Adds a public key to a JWKS file, in one step for whoever reads it; makes the file if need be. */
export async function addToJwks(file: string, jwk: PublicJwk): Promise<void> {
  const keys = await readKeys(file)
  const beside = `${file}.new`
  await writeFile(beside, `${json({ keys: [...keys, jwk] })}\n`)
  await rename(beside, file)
}

async function readKeys(file: string): Promise<unknown[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"keys":[]}'
    throw error
  })
  try {
    const set: unknown = JSON.parse(text)
    if (typeof set === 'object' && set !== null && 'keys' in set && Array.isArray(set.keys)) return set.keys
  } catch {
    // Told below, with the file's name.
  }
  throw new CommandError(`${file} is not a JWKS; the new public key is not in it.`, {
    hint: 'Repair or remove it, remove the new private key, and try again.',
  })
}
