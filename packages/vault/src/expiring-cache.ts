/** A cache's bounds. */
export interface CacheBounds {
  readonly entriesMax: number
  readonly ttlMs: number
  readonly clock: () => number
}

/** A map that lets go of what is older than its time, and of what was unused for longest once it is full. */
export class ExpiringCache<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly endsAt: number }>()
  readonly #bounds: CacheBounds

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    if (entry.endsAt <= this.#bounds.clock()) return undefined
    this.#entries.set(key, entry)
    return entry.value
  }

  set(key: string, value: Value): void {
    const { entriesMax, ttlMs, clock } = this.#bounds
    this.#entries.delete(key)
    this.#entries.set(key, { value, endsAt: clock() + ttlMs })
    const oldest = this.#entries.keys().next()
    if (this.#entries.size > entriesMax && !oldest.done) this.#entries.delete(oldest.value)
  }

  /** Lets go of everything that is over, asked for or not. */
  sweep(): void {
    const now = this.#bounds.clock()
    for (const [key, { endsAt }] of this.#entries) if (endsAt <= now) this.#entries.delete(key)
  }
}
