import { setTimeout as sleep } from 'node:timers/promises'
import { importJWK, type CryptoKey } from 'jose'
import type { KeySource } from './key-source.ts'

/** A public key, ready to verify, and the callers that it may speak for. */
export interface VerificationKey {
  readonly key: CryptoKey | Uint8Array
  readonly callers: readonly string[]
  /** In ms: from then on it verifies nothing, read again or not. */
  readonly endsAtMs: number
}

const rereadAfterMs = 60_000
const rereadUnknownAfterMs = 1_000
const retryAfterMs = 5_000
const retryFirstAfterMs = 1_000

/** The keys of one source: read again each minute, and for an unknown kid at most once a second. */
export class KeyRing {
  /** Rises when the source's keys changed, so that what was verified by the old ones can be forgotten. */
  generation = 0
  #keys: ReadonlyMap<string, VerificationKey> = new Map()
  #fingerprint = ''
  #readAtMs = Number.NEGATIVE_INFINITY
  #failure: { readonly error: unknown; readonly atMs: number } | undefined
  #reading: Promise<void> | undefined
  readonly #source: KeySource
  readonly #nowMs: () => number
  readonly #onProblem: (error: unknown) => void

  constructor(source: KeySource, nowMs: () => number, onProblem: (error: unknown) => void) {
    this.#source = source
    this.#nowMs = nowMs
    this.#onProblem = onProblem
  }

  /** Whether it has keys, however old. */
  get ready(): boolean {
    return this.#fingerprint !== ''
  }

  /**
   * Makes sure that the source was read within the last minute, or was tried within the last second (5 s where there are keys).
   * @throws the reading's error if it was never read; a later failure keeps the keys there are.
   */
  async refresh(maxAgeMs = rereadAfterMs): Promise<void> {
    const now = this.#nowMs()
    if (now - this.#readAtMs < maxAgeMs) return
    if (this.#failure && now - this.#failure.atMs < (this.ready ? Math.min(maxAgeMs, retryAfterMs) : retryFirstAfterMs)) {
      if (this.ready) return
      throw this.#failure.error
    }
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    const { patienceMs } = this.#source
    // Whoever has the key does not hang on a source that does.
    if (this.ready && patienceMs !== undefined && maxAgeMs === rereadAfterMs)
      await Promise.race([this.#reading, sleep(patienceMs, undefined, { ref: false })])
    else await this.#reading
  }

  /** The key, if it is among those that were read. */
  known(kid: string): VerificationKey | undefined {
    return this.#keys.get(kid)
  }

  async find(kid: string): Promise<VerificationKey | undefined> {
    if (!this.#keys.has(kid)) await this.refresh(rereadUnknownAfterMs)
    return this.#keys.get(kid)
  }

  async #read(): Promise<void> {
    const begunAtMs = this.#nowMs()
    try {
      const jwks = await this.#source.read()
      const fingerprint = JSON.stringify([...jwks.values()])
      if (fingerprint !== this.#fingerprint) {
        const keys = [...jwks].map(async ([kid, { callers, exp, ...jwk }]) => {
          const endsAtMs = exp === undefined ? Number.POSITIVE_INFINITY : exp * 1_000
          return [kid, { key: await importJWK({ ...jwk }, 'EdDSA'), callers, endsAtMs }] as const
        })
        this.#keys = new Map(await Promise.all(keys))
        this.#fingerprint = fingerprint
        this.generation += 1
      }
      this.#readAtMs = begunAtMs
      this.#failure = undefined
    } catch (error) {
      this.#failure = { error, atMs: begunAtMs }
      this.#onProblem(error)
      if (!this.ready) throw error
    }
  }
}
