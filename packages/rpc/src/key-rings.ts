import type { KeyRing, VerificationKey } from './key-ring.ts'

/** Several sources' keys as one; a source that can't be read is no trouble while another can. */
export class KeyRings {
  readonly #rings: readonly KeyRing[]

  constructor(rings: readonly KeyRing[]) {
    this.#rings = rings
  }

  get generation(): number {
    return this.#rings.reduce((sum, { generation }) => sum + generation, 0)
  }

  /**
   * Brings all sources up to date; one that was never read is not waited for once another has keys.
   * @throws the first source's error if none has ever been read.
   */
  async refresh(): Promise<void> {
    const ready = this.#rings.some((ring) => ring.ready)
    const results = await Promise.allSettled(
      this.#rings.map(async (ring) => {
        const refreshed = ring.refresh()
        if (!ready || ring.ready) await refreshed
        else refreshed.catch(() => undefined)
      }),
    )
    const [failed] = results.filter((result) => result.status === 'rejected')
    if (failed && results.every(({ status }) => status === 'rejected')) throw failed.reason
  }

  /** @throws the error of a source that was never read, unless another has the key. */
  async find(kid: string): Promise<VerificationKey | undefined> {
    // A key at hand does not wait for the sources that it is not of.
    for (const ring of this.#rings) if (ring.known(kid)) return ring.known(kid)
    const results = await Promise.allSettled(this.#rings.map((ring) => ring.find(kid)))
    for (const result of results) if (result.status === 'fulfilled' && result.value) return result.value
    const [failed] = results.filter((result) => result.status === 'rejected')
    if (failed) throw failed.reason
    return undefined
  }
}
