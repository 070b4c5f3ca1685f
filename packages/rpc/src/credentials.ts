import { createHash, randomBytes } from 'node:crypto'

/** What a service's credential is good for; identity gives no token beyond it. */
export interface CredentialGrant {
  /** The service whose it is. */
  readonly caller: string
  /** The services that its tokens may be for. */
  readonly audiences: readonly string[]
  /** Whether its tokens may be for all companies, rather than for those that each names. */
  readonly allCompanies: boolean
}

/** A member of identity's list `{"credentials":[…]}`: the digest tells which credential, not what it is. */
export interface CredentialEntry extends CredentialGrant {
  /** In lower-case hex. */
  readonly sha256: string
}

/** A new credential of 256 bits; its prefix tells a scanner of leaked secrets what it has found. */
export function generateCredential(): string {
  return `fdc_${randomBytes(32).toString('base64url')}`
}

/** How a credential stands in identity's list. */
export function credentialEntry(credential: string, grant: CredentialGrant): CredentialEntry {
  const { caller, audiences, allCompanies } = grant
  return { caller, sha256: digestOfCredential(credential), audiences, allCompanies }
}

/** SHA-256 in hex; a secret of 256 bits needs no slow hash. */
export function digestOfCredential(credential: string): string {
  return createHash('sha256').update(credential).digest('hex')
}
