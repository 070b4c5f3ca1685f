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

interface Entry<Item> {
  readonly item: Item
  readonly sizeBytes: number
  readonly deadlineMs: number
}

/** One timer for all: with one time-out they expire in the order in which they were added. */
export function createInFlight<Item>({ maxCount, maxBytes, timeoutMs, onTimeout }: InFlightOptions<Item>): InFlight<Item> {
  // By token, from `firstToken` on, with holes for those that are over. No Map: a table that it has outgrown keeps what was deleted and
  // leads to the next table, so that once an old one is in V8's old space, each message would stay until all is collected.
  let entries: (Entry<Item> | undefined)[] = []
  let firstToken = 1
  let count = 0
  let bytes = 0
  let timer: NodeJS.Timeout | undefined

  const indexOf = (token: string) => Number.parseInt(token, 36) - firstToken

  function takeAt(index: number): Item | undefined {
    const entry = entries[index]
    if (!entry) return undefined
    entries[index] = undefined
    count -= 1
    bytes -= entry.sizeBytes
    if (count === 0) {
      forgetFirst()
      clearTimeout(timer)
      timer = undefined
    }
    return entry.item
  }

  /** Those before the first that still waits. */
  function forgetFirst(): void {
    const over = count === 0 ? entries.length : entries.findIndex((entry) => entry !== undefined)
    if (over === 0) return
    entries = entries.slice(over)
    firstToken += over
  }

  function arm(delayMs: number): void {
    // Timers run before the sockets are read: an answer that came while the process was busy gets its turn first.
    timer = setTimeout(() => setImmediate(expire), delayMs)
  }

  function takeThose(isOver: (entry: Entry<Item>) => boolean): Item[] {
    return entries.flatMap((entry, index) => (entry && isOver(entry) ? (takeAt(index) ?? []) : []))
  }

  function expire(): void {
    // There may be a later one: all that there was can have been answered since this one was due, and more been added.
    clearTimeout(timer)
    timer = undefined
    const nowMs = performance.now()
    const expired = takeThose(({ deadlineMs }) => deadlineMs <= nowMs)
    const next = entries.find((entry) => entry !== undefined)
    if (next) arm(next.deadlineMs - nowMs)
    if (expired.length > 0) onTimeout(expired)
  }

  return {
    get count() {
      return count
    },
    hasRoom: (sizeBytes) => count === 0 || (count < maxCount && bytes + sizeBytes <= maxBytes),
    add(item, sizeBytes) {
      if (entries.length >= 2 * maxCount) forgetFirst()
      entries.push({ item, sizeBytes, deadlineMs: performance.now() + timeoutMs })
      count += 1
      bytes += sizeBytes
      if (timer === undefined) arm(timeoutMs)
      return (firstToken + entries.length - 1).toString(36)
    },
    get: (token) => entries[indexOf(token)]?.item,
    take: (token) => takeAt(indexOf(token)),
    takeAll: () => takeThose(() => true),
  }
}
