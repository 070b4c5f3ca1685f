import { importJWK, type CryptoKey } from 'jose'
import { readPublicJwks } from './keys.ts'

/** A public key, ready to verify, and the callers that it may speak for. */
export interface VerificationKey {
  readonly key: CryptoKey | Uint8Array
  readonly callers: readonly string[]
}

const rereadAfterMs = 60_000
const rereadUnknownAfterMs = 1_000

/** The keys of a JWKS file: read again each minute, and for an unknown kid at most once a second. */
export class KeyRing {
  /** Rises when the file's keys changed, so that what was verified by the old ones can be forgotten. */
  generation = 0
  #keys: ReadonlyMap<string, VerificationKey> = new Map()
  #fingerprint = ''
  #readAtMs = Number.NEGATIVE_INFINITY
  #reading: Promise<void> | undefined
  readonly #file: string
  readonly #nowMs: () => number
  readonly #onProblem: (error: unknown) => void

  constructor(file: string, nowMs: () => number, onProblem: (error: unknown) => void) {
    this.#file = file
    this.#nowMs = nowMs
    this.#onProblem = onProblem
  }

  /**
   * Makes sure that the file was read within the last minute.
   * @throws the reading's error if it was never read; a later failure keeps the keys there are.
   */
  async refresh(maxAgeMs = rereadAfterMs): Promise<void> {
    if (this.#nowMs() - this.#readAtMs < maxAgeMs) return
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    await this.#reading
  }

  async find(kid: string): Promise<VerificationKey | undefined> {
    if (!this.#keys.has(kid)) await this.refresh(rereadUnknownAfterMs)
    return this.#keys.get(kid)
  }

  async #read(): Promise<void> {
    try {
      const jwks = await readPublicJwks(this.#file)
      const fingerprint = JSON.stringify([...jwks.values()])
      if (fingerprint !== this.#fingerprint) {
        const keys = [...jwks].map(
          async ([kid, { callers, ...jwk }]) => [kid, { key: await importJWK({ ...jwk }, 'EdDSA'), callers }] as const,
        )
        this.#keys = new Map(await Promise.all(keys))
        this.#fingerprint = fingerprint
        this.generation += 1
      }
      this.#readAtMs = this.#nowMs()
    } catch (error) {
      if (this.#fingerprint === '') throw error
      this.#readAtMs = this.#nowMs()
      this.#onProblem(error)
    }
  }
}
