import { type PublicJwk, publicJwksOf, readPublicJwks } from './keys.ts'

/** Where public keys come from. */
export interface KeySource {
  /** A file, an URL: for the log. */
  readonly name: string
  /** The keys by kid. */
  read(): Promise<ReadonlyMap<string, PublicJwk>>
  /** How long a call that has older keys waits for newer ones; until they are read when left out. */
  readonly patienceMs?: number
}

const fetchTimeoutMs = 2_000
const fetchPatienceMs = 250
const longestBody = 256 * 1024

/** A JWKS file; where it may be missing, it then has no keys. */
export function keysOfFile(file: string, { mayBeMissing = false } = {}): KeySource {
  return {
    name: file,
    read: () =>
      readPublicJwks(file).catch((error: NodeJS.ErrnoException) => {
        if (mayBeMissing && error.code === 'ENOENT') return new Map<string, PublicJwk>()
        throw error
      }),
  }
}

/** A JWKS that a server publishes, such as identity's. */
export function keysOfUrl(url: string): KeySource {
  return {
    name: url,
    patienceMs: fetchPatienceMs,
    async read() {
      const response = await fetch(url, {
        signal: AbortSignal.timeout(fetchTimeoutMs),
        redirect: 'error',
        headers: { accept: 'application/json' },
      })
      if (!response.ok) throw new Error(`${url} answered ${response.status}`)
      const text = await response.text()
      if (text.length > longestBody) throw new Error(`${url} answered ${text.length} characters`)
      return publicJwksOf(url, text)
    },
  }
}
