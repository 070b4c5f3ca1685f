import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { generateKeyPair } from '@frontdesk/rpc'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { fields, json } from '../format.ts'
import { addToJwks, writeNew } from '../key-files.ts'
import { keyStatus, rotateKeys } from './vault-keys.ts'

/** The keys that callers sign their tokens with, and those that the vault seals with. */
export function keys(context: CliContext): Group {
  return {
    description: 'The keys that callers sign with (create), and those that seal companies’ secrets (rotate, status).',
    commands: {
      rotate: rotateKeys(context),
      status: keyStatus(context),
      create: leaf(
        'Make a key for a caller: its private half in a file of its own, its public half in jwks.json beside it.',
        {
          caller: { type: 'string', description: 'Who signs with it, such as booking; * for anyone', required: true, valueHint: 'name' },
          out: { type: 'string', description: 'Directory; made if it is not there', required: true, valueHint: 'dir' },
          kid: { type: 'string', description: 'Name of the key; made up when left out' },
          json: { type: 'boolean', description: 'Print JSON' },
        },
        async ({ args }) => {
          const { caller } = args
          if (!/^([a-z0-9][a-z0-9-]{0,62}|\*)$/.test(caller)) {
            throw new UsageError(`--caller must be a name of lower-case letters, digits and hyphens, or *; not "${caller}".`)
          }
          const name = caller === '*' ? 'any-caller' : caller
          const kid = args.kid ?? `${name}-${context.now().toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`
          const directory = resolve(context.cwd, args.out)
          const privateFile = join(directory, `${name}.jwk.json`)
          const jwksFile = join(directory, 'jwks.json')
          const { privateJwk, publicJwk } = await generateKeyPair(kid, [caller])
          try {
            await mkdir(directory, { recursive: true, mode: 0o700 })
            await writeNew(privateFile, privateJwk)
          } catch (error) {
            throw new CommandError(`${privateFile} can not be written: ${error instanceof Error ? error.message : String(error)}`, {
              hint: 'An existing key is never overwritten: for a rotation, use another directory and merge the JWKS files.',
              cause: error,
            })
          }
          await addToJwks(jwksFile, publicJwk)
          context.out(args.json ? json({ kid, privateFile, jwksFile }) : fields({ Key: kid, Private: privateFile, JWKS: jwksFile }))
        },
      ),
    },
  }
}
