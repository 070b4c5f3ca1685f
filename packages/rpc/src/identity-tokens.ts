import { readFile } from 'node:fs/promises'
import { TokenServiceDefinition } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Telemetry } from '@frontdesk/telemetry'
import { BoundedMap } from './bounded-map.ts'
import { createRpcClient } from './client.ts'
import { noToken, type TokenRequest, type TokenSource } from './token-issuer.ts'

/** How a service asks identity for its caller tokens. */
export interface IdentityTokensOptions {
  /** identity's `host:port`. */
  readonly address: string
  /** The file with the service's credential; read at each exchange, so that a mounted secret can be changed. */
  readonly credentialFile: string
  readonly telemetry: Telemetry
  /** Of one exchange; 2 s when left out. */
  readonly deadlineMs?: number
  readonly clock?: () => Date
}

interface Kept {
  readonly token: string
  readonly renewAtMs: number
  readonly expiresAtMs: number
}

interface Entry {
  kept?: Kept
  asking?: Promise<Kept> | undefined
  /** Why identity gave none the last time; it is not asked again at once. */
  failed?: { readonly error: unknown; readonly atMs: number } | undefined
}

/** One for each company that is busy at the same time, 5 MB at most. */
const cacheLimit = 10_000
/** What is left to a token in transit, and to a clock that differs. */
const marginMsMax = 5_000
const askAgainAfterMs = 1_000

/**
 * Caller tokens that identity signs for a service's credential. From half of its life on a token is renewed beside
 * the calls that still carry it, so that none waits and identity may be away for the other half.
 */
export function createIdentityTokens(options: IdentityTokensOptions): TokenSource & AsyncDisposable {
  const { address, credentialFile, telemetry, deadlineMs = 2_000, clock = () => new Date() } = options
  const client = createRpcClient(TokenServiceDefinition, {
    address,
    audience: 'identity',
    issuer: noToken(),
    telemetry,
    deadlineMs,
    retryMethods: ['issueServiceToken'],
  })
  const entries = new BoundedMap<string, Entry>(cacheLimit)

  async function ask({ audience, companies, actor = '' }: TokenRequest): Promise<Kept> {
    const credential = (await readFile(credentialFile, 'utf8')).trim()
    const { token, expiresAt } = await client.issueServiceToken({
      credential,
      audience: typeof audience === 'string' ? [audience] : [...audience],
      allCompanies: companies === 'all',
      companyIds: companies === 'all' ? [] : [...companies],
      actor,
    })
    const now = clock().getTime()
    const lifeMs = (expiresAt?.getTime() ?? now) - now
    const expiresAtMs = now + lifeMs - Math.min(marginMsMax, lifeMs / 10)
    return { token, expiresAtMs, renewAtMs: now + (expiresAtMs - now) / 2 }
  }

  function renew(entry: Entry, request: TokenRequest): Promise<Kept> {
    entry.asking ??= ask(request)
      .then((kept) => {
        entry.failed = undefined
        return (entry.kept = kept)
      })
      .catch((error: unknown) => {
        entry.failed = { error, atMs: clock().getTime() }
        const { audience, actor } = request
        telemetry.logger.warn({ err: error, audience, actor }, 'identity gives no caller token; one that is left serves on')
        throw error
      })
      .finally(() => (entry.asking = undefined))
    return entry.asking
  }

  return {
    async issue(request) {
      const { audience, companies, actor } = request
      const name = JSON.stringify([audience, companies === 'all' ? companies : companies.toSorted(), actor])
      const entry: Entry = entries.get(name) ?? {}
      entries.set(name, entry)
      const now = clock().getTime()
      const { kept, failed } = entry
      const justFailed = failed && now < failed.atMs + askAgainAfterMs
      if (!kept || kept.expiresAtMs <= now) {
        if (justFailed) return asUnavailable(failed.error)
        return (await renew(entry, request).catch(asUnavailable)).token
      }
      // Its failure is in the log, and the next call tries again.
      if (kept.renewAtMs <= now && !justFailed) renew(entry, request).catch(() => undefined)
      return kept.token
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

/** Whoever calls us is not to blame for our credential, nor for identity's being away. */
function asUnavailable(cause: unknown): never {
  throw new FrontdeskError('unavailable', {
    publicMessage: 'A service that this call needs can not be called at the moment.',
    detail: 'identity gave no caller token',
    cause,
  })
}
