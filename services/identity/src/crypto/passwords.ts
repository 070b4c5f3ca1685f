import { argon2, type Argon2Algorithm, type Argon2Parameters, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { FrontdeskError } from '@frontdesk/errors'
import { bulkhead, BulkheadRejectedError } from 'cockatiel'
import type { PasswordHasher } from '../app/ports.ts'

const derive = promisify<Argon2Algorithm, Argon2Parameters, Buffer>(argon2)

/** OWASP's: 19 MiB, two passes. */
const current = { memory: 19_456, passes: 2, parallelism: 1 } as const
const tagLength = 32
const saltLength = 16
const hashPattern = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/

type Parameters = { memory: number; passes: number; parallelism: number }

/** Node's thread pool has four threads: one is left to everything else. */
const defaults = { concurrent: 3, waiting: 60 }

/**
 * Hashes passwords by argon2id, so many at once and so many in a queue.
 * @throws FrontdeskError unavailable beyond that: a crowd of logins must not take all the memory.
 */
export function createPasswordHasher(limits: { concurrent: number; waiting: number } = defaults): PasswordHasher {
  const gate = bulkhead(limits.concurrent, limits.waiting)
  const decoySalt = randomBytes(saltLength)

  async function run(password: string, nonce: Buffer, parameters: Parameters): Promise<Buffer> {
    try {
      return await gate.execute(() => derive('argon2id', { message: password, nonce, tagLength, ...parameters }))
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error
      throw new FrontdeskError('unavailable', {
        publicMessage: 'Too many people log in at the moment. Try again.',
        cause: error,
        retryAfterMs: 1_000,
      })
    }
  }

  return {
    async hash(password) {
      const salt = randomBytes(saltLength)
      const tag = await run(password, salt, current)
      const { memory, passes, parallelism } = current
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
    },

    async verify(password, hash) {
      const parsed = hash === undefined ? undefined : parse(hash)
      if (!parsed) {
        await run(password, decoySalt, current)
        return false
      }
      return timingSafeEqual(await run(password, parsed.salt, parsed.parameters), parsed.tag)
    },

    isOutdated(hash) {
      const parameters = parse(hash)?.parameters
      return parameters?.memory !== current.memory || parameters.passes !== current.passes || parameters.parallelism !== current.parallelism
    },
  }
}

function parse(hash: string): { parameters: Parameters; salt: Buffer; tag: Buffer } | undefined {
  const [, memory, passes, parallelism, salt = '', tag = ''] = hashPattern.exec(hash) ?? []
  if (memory === undefined) return undefined
  return {
    parameters: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

/** As PHC strings have it. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
