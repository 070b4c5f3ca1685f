import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CompanyId } from '@frontdesk/contracts'
import type { ErrorCode } from '@frontdesk/errors'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { generateKeyPair, type KeyPair } from './keys.ts'
import { createTokenIssuer, type TokenIssuer, type TokenSource } from './token-issuer.ts'
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts'

export {
  answersToOwn,
  type IsolationProbe,
  type ProbedCompany,
  probeIsolation,
  type ProbedService,
  unknownLike,
} from './testing/probe-isolation.ts'

/** One key that may speak for any caller, and the JWKS file that says so; its disposal removes the file. */
export interface TestAuthority extends AsyncDisposable {
  readonly keyPair: KeyPair
  readonly jwksFile: string
  issuer(caller: string): TokenIssuer
  verifier(audience: string): TokenVerifier
}

/** Makes an authority for the services of a test. */
export async function createTestAuthority(): Promise<TestAuthority> {
  const telemetry = createTestTelemetry()
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-keys-'))
  const jwksFile = join(directory, 'jwks.json')
  const keyPair = await generateKeyPair('test', ['*'])
  await writeFile(jwksFile, JSON.stringify({ keys: [keyPair.publicJwk] }))
  return {
    keyPair,
    jwksFile,
    issuer: (caller) => createTokenIssuer({ privateJwk: keyPair.privateJwk, caller }),
    verifier: (audience) => createTokenVerifier({ jwksFile, audience, logger: telemetry.logger }),
    async [Symbol.asyncDispose]() {
      await rm(directory, { recursive: true, force: true })
      await telemetry[Symbol.asyncDispose]()
    },
  }
}

/**
 * Where a caller may have a token from that no method of a company's may take, by the code that it is refused with:
 * none, one that is over, one for `otherAudience`, and one for `otherCompany` alone.
 */
export function refusedTokens(authority: TestAuthority, otherAudience: string, otherCompany: CompanyId): [ErrorCode, TokenSource][] {
  const operator = authority.issuer('operator')
  const anHourAgo = () => new Date(Date.now() - 3_600_000)
  return [
    ['token_missing', { issue: () => Promise.resolve('') }],
    ['token_expired', createTokenIssuer({ privateJwk: authority.keyPair.privateJwk, caller: 'operator', clock: anHourAgo })],
    ['token_invalid', { issue: (request) => operator.issue({ ...request, audience: otherAudience }) }],
    ['permission_denied', { issue: (request) => operator.issue({ ...request, companies: [otherCompany] }) }],
  ]
}
