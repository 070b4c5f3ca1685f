import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { fields, json } from '../format.ts'

/** Makes the credentials that services exchange for their tokens. */
export function credentials(context: CliContext): Group {
  return {
    description: 'The credentials of services.',
    commands: {
      create: leaf(
        'Make a service’s credential: the secret in a file of its own, its digest in credentials.json beside it, for identity.',
        {
          caller: { type: 'string', description: 'The service, such as messaging', required: true, valueHint: 'name' },
          out: { type: 'string', description: 'Directory; made if it is not there', required: true, valueHint: 'dir' },
          json: { type: 'boolean', description: 'Print JSON' },
        },
        async ({ args }) => {
          const { caller } = args
          if (!/^[a-z][a-z0-9-]{0,62}$/.test(caller)) {
            throw new UsageError(`--caller must be a name of lower-case letters, digits and hyphens; not "${caller}".`)
          }
          const directory = resolve(context.cwd, args.out)
          const [secretFile, digestsFile] = [join(directory, `${caller}.credential`), join(directory, 'credentials.json')]
          const secret = `fdc_${randomBytes(32).toString('base64url')}`
          try {
            await mkdir(directory, { recursive: true, mode: 0o700 })
            await writeFile(secretFile, `${secret}\n`, { mode: 0o600, flag: 'wx' })
          } catch (error) {
            throw new CommandError(`${secretFile} can not be written: ${error instanceof Error ? error.message : String(error)}`, {
              hint: 'An existing credential is never overwritten: for a rotation, use another directory and merge the credentials.json files.',
              cause: error,
            })
          }
          await addDigest(digestsFile, { caller, sha256: createHash('sha256').update(secret).digest('hex') })
          context.out(
            args.json ? json({ caller, secretFile, digestsFile }) : fields({ Caller: caller, Secret: secretFile, Digests: digestsFile }),
          )
        },
      ),
    },
  }
}

/** In one step for whoever reads it. */
async function addDigest(file: string, entry: { caller: string; sha256: string }): Promise<void> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"credentials":[]}'
    throw error
  })
  const present = listOf(text)
  if (!present) {
    throw new CommandError(`${file} is not a list of credentials; the new one is not in it.`, {
      hint: 'Repair or remove it, remove the new secret, and try again.',
    })
  }
  await writeFile(`${file}.new`, `${json({ credentials: [...present, entry] })}\n`)
  await rename(`${file}.new`, file)
}

function listOf(text: string): unknown[] | undefined {
  try {
    const { credentials } = JSON.parse(text) as { credentials?: unknown }
    return Array.isArray(credentials) ? credentials : undefined
  } catch {
    return undefined
  }
}
