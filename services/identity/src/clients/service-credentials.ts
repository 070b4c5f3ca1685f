import { readFile } from 'node:fs/promises'
import { FrontdeskError } from '@frontdesk/errors'
import { digestOfCredential } from '@frontdesk/rpc'
import type { Logger } from '@frontdesk/telemetry'
import { z } from 'zod'
import type { ServiceCredentials, ServiceGrant } from '../app/ports.ts'

const service = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/)

/** Whatever an entry does not name, it does not give. */
const fileSchema = z.object({
  credentials: z.array(
    z.object({
      caller: service,
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      audiences: z.array(service).default([]),
      allCompanies: z.boolean().default(false),
    }),
  ),
})

const rereadAfterMs = 1_000
const longestCredential = 200

/**
 * The credentials of services by their digests, from a mounted file that is read again each second in which somebody asks.
 * Two of the same caller are a rotation. A file that can't be read again leaves the old ones in place.
 */
export function createServiceCredentials(file: string, { now, logger }: { now: () => Date; logger: Logger }): ServiceCredentials {
  let grants: ReadonlyMap<string, ServiceGrant> | undefined
  let readAtMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const begunAtMs = now().getTime()
    try {
      const { credentials } = fileSchema.parse(parseJson(await readFile(file, 'utf8')))
      grants = new Map(credentials.map(({ sha256, ...grant }) => [sha256, grant]))
    } catch (err) {
      logger.error({ err, file }, `the services’ credentials can not be read; ${grants ? 'the old ones stay' : 'there are none'}`)
      if (!grants) throw new FrontdeskError('unavailable', { publicMessage: 'Credentials can not be checked at the moment.', cause: err })
    }
    readAtMs = begunAtMs
  }

  return {
    async grantOf(credential) {
      if (!grants || now().getTime() - readAtMs >= rereadAfterMs) {
        reading ??= read().finally(() => (reading = undefined))
        await reading
      }
      if (credential.length > longestCredential) return undefined
      // Found by digest: how long a look-up takes tells nothing of a secret of 256 bits.
      return grants?.get(digestOfCredential(credential))
    },
  }
}

// JSON.parse quotes the text around a mistake, which may be a credential that was mounted in place of the list.
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('not JSON')
  }
}
