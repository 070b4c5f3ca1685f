import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { CliContext } from './context.ts'
import { CommandError } from './errors.ts'
import { json } from './format.ts'

/** What `frontdesk login` keeps. */
export interface SavedSession {
  /** identity's `host:port`. */
  readonly identityAddress: string
  readonly sessionToken: string
  readonly email: string
}

/** The login of this person on this machine; undefined if there is none. */
export async function readSession(context: Pick<CliContext, 'env'>): Promise<SavedSession | undefined> {
  const file = fileOf(context)
  const text = file && (await readFile(file, 'utf8').catch(() => undefined))
  if (text === undefined) return undefined
  try {
    const { identityAddress, sessionToken, email } = JSON.parse(text) as Partial<SavedSession>
    if (identityAddress && sessionToken && email) return { identityAddress, sessionToken, email }
  } catch {
    // As if nobody were logged in: a login writes it anew.
  }
  return undefined
}

/** Keeps the login for its owner's eyes alone, in one step. */
export async function writeSession(context: Pick<CliContext, 'env'>, session: SavedSession): Promise<void> {
  const file = fileOf(context)
  if (!file) throw new CommandError('There is no place to keep the login: neither XDG_CONFIG_HOME nor HOME is set.')
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await writeFile(`${file}.new`, `${json(session)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

export async function removeSession(context: Pick<CliContext, 'env'>): Promise<void> {
  const file = fileOf(context)
  if (file) await rm(file, { force: true })
}

function fileOf({ env }: Pick<CliContext, 'env'>): string | undefined {
  const folder = env['XDG_CONFIG_HOME'] || (env['HOME'] && join(env['HOME'], '.config'))
  return folder ? join(folder, 'frontdesk', 'session.json') : undefined
}
