import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CredentialEntry, credentialEntry, generateCredential } from '@frontdesk/rpc'
import { readJson, writeJson, writeWhole } from './json-file.ts'
import { type CallerName, callerNames, callers } from './manifest.ts'

/** Where the services' credentials are, and identity's list of them. */
export interface CredentialFiles {
  readonly credentialsFile: string
  readonly credentialFile: (caller: CallerName) => string
}

/** Makes the credentials that are missing, and lists all of them; whatever else `frontdesk credentials create` listed stays. */
export async function openCredentials(directory: string): Promise<CredentialFiles> {
  const credentialsFile = join(directory, 'credentials.json')
  const credentialFile = (caller: CallerName) => join(directory, `${caller}.credential`)
  const own = await Promise.all(callerNames.map((caller) => openCredential(caller, credentialFile(caller))))
  const written = await readJson(credentialsFile)
  const others = Array.isArray(written['credentials']) ? written['credentials'].filter((entry) => !isOurs(entry)) : []
  await writeJson(credentialsFile, { credentials: [...own, ...others] })
  return { credentialsFile, credentialFile }
}

async function openCredential(caller: CallerName, file: string): Promise<CredentialEntry> {
  const { calls, allCompanies = false }: { calls: readonly string[]; allCompanies?: boolean } = callers[caller]
  const written = (await readFile(file, 'utf8').catch(() => '')).trim()
  const credential = /^fdc_[\w-]{43}$/.test(written) ? written : generateCredential()
  if (credential !== written) await writeWhole(file, `${credential}\n`)
  return credentialEntry(credential, { caller, audiences: calls, allCompanies })
}

function isOurs(entry: unknown): boolean {
  const caller = typeof entry === 'object' && entry !== null && 'caller' in entry ? entry.caller : undefined
  return callerNames.some((name) => name === caller)
}
