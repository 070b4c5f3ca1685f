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

/** A JWKS file. */
export function keysOfFile(file: string): KeySource {
  return { name: file, read: () => readPublicJwks(file) }
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
