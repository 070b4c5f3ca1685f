import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { credentialEntry, generateCredential, type CredentialEntry } from '@frontdesk/rpc'
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
          audience: {
            type: 'string',
            description: 'The services that it may call, with commas between',
            required: true,
            valueHint: 'services',
          },
          'all-companies': { type: 'boolean', description: 'Let it ask for tokens for all companies, not only for those that each names' },
          out: { type: 'string', description: 'Directory; made if it is not there', required: true, valueHint: 'dir' },
          json: { type: 'boolean', description: 'Print JSON' },
        },
        async ({ args }) => {
          const caller = serviceName('--caller', args.caller)
          const audiences = args.audience.split(',').map((name) => serviceName('--audience', name.trim()))
          const directory = resolve(context.cwd, args.out)
          const [secretFile, digestsFile] = [join(directory, `${caller}.credential`), join(directory, 'credentials.json')]
          const secret = generateCredential()
          try {
            await mkdir(directory, { recursive: true, mode: 0o700 })
            await writeFile(secretFile, `${secret}\n`, { mode: 0o600, flag: 'wx' })
          } catch (error) {
            throw new CommandError(`${secretFile} can not be written: ${error instanceof Error ? error.message : String(error)}`, {
              hint: 'An existing credential is never overwritten: for a rotation, use another directory and merge the credentials.json files.',
              cause: error,
            })
          }
          const grant = { caller, audiences, allCompanies: args['all-companies'] === true }
          await addEntry(digestsFile, credentialEntry(secret, grant))
          context.out(
            args.json
              ? json({ ...grant, secretFile, digestsFile })
              : fields({
                  Caller: caller,
                  Calls: audiences.join(', '),
                  Companies: grant.allCompanies ? 'all' : 'named',
                  Secret: secretFile,
                  Digests: digestsFile,
                }),
          )
        },
      ),
    },
  }
}

function serviceName(option: string, name: string): string {
  if (/^[a-z][a-z0-9-]{0,62}$/.test(name)) return name
  throw new UsageError(`${option} must be a name of lower-case letters, digits and hyphens; not "${name}".`)
}

/** In one step for whoever reads it. */
async function addEntry(file: string, entry: CredentialEntry): Promise<void> {
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
