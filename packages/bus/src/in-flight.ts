/** What waits for an answer: bounded in number and bytes, each with a deadline, each landing once. */
export interface InFlight<Item> {
  readonly count: number
  /** Whether another of this size may go; one alone always may. */
  hasRoom(sizeBytes: number): boolean
  /** The token that its answer will carry. */
  add(item: Item, sizeBytes: number): string
  /** The item whose answer is still waited for. */
  get(token: string): Item | undefined
  /** Ends the wait and gives the item; undefined if it ended before. */
  take(token: string): Item | undefined
  takeAll(): Item[]
}

/** How much may wait, and what becomes of an item whose answer doesn't come in time. */
export interface InFlightOptions<Item> {
  maxCount: number
  maxBytes: number
  timeoutMs: number
  onTimeout: (items: Item[]) => void
}

/** One timer for all: with one time-out they expire in the order in which they were added. */
export function createInFlight<Item>({ maxCount, maxBytes, timeoutMs, onTimeout }: InFlightOptions<Item>): InFlight<Item> {
  const entries = new Map<string, { item: Item; sizeBytes: number; deadlineMs: number }>()
  let bytes = 0
  let lastToken = 0
  let timer: NodeJS.Timeout | undefined

  function take(token: string): Item | undefined {
    const entry = entries.get(token)
    if (!entry) return undefined
    entries.delete(token)
    bytes -= entry.sizeBytes
    if (entries.size === 0) {
      clearTimeout(timer)
      timer = undefined
    }
    return entry.item
  }

  function arm(delayMs: number): void {
    // Timers run before the sockets are read: an answer that came while the process was busy gets its turn first.
    timer = setTimeout(() => setImmediate(expire), delayMs)
  }

  function expire(): void {
    const nowMs = performance.now()
    const expired: Item[] = []
    for (const [token, entry] of entries) {
      if (entry.deadlineMs > nowMs) break
      take(token)
      expired.push(entry.item)
    }
    timer = undefined
    const [next] = entries.values()
    if (next) arm(next.deadlineMs - nowMs)
    if (expired.length > 0) onTimeout(expired)
  }

  return {
    get count() {
      return entries.size
    },
    hasRoom: (sizeBytes) => entries.size === 0 || (entries.size < maxCount && bytes + sizeBytes <= maxBytes),
    add(item, sizeBytes) {
      const token = (lastToken += 1).toString(36)
      entries.set(token, { item, sizeBytes, deadlineMs: performance.now() + timeoutMs })
      bytes += sizeBytes
      if (timer === undefined) arm(timeoutMs)
      return token
    },
    get: (token) => entries.get(token)?.item,
    take,
    takeAll: () => [...entries.keys()].flatMap((token) => take(token) ?? []),
  }
}
