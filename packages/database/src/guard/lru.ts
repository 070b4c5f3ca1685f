/** The values used last, by text. */
export interface Lru<Value> {
  get(text: string): Value | undefined
  /** @returns the value */
  set(text: string, value: Value): Value
  readonly size: number
}

/** A cache that is bounded in entries and in the length of all its texts; a text longer than a tenth of it is not kept. */
export function createLru<Value>({ maxEntries, maxCharacters }: { maxEntries: number; maxCharacters: number }): Lru<Value> {
  const entries = new Map<string, Value>()
  let characters = 0

  function remove(text: string): void {
    if (entries.delete(text)) characters -= text.length
  }

  return {
    get(text) {
      const value = entries.get(text)
      if (value === undefined) return undefined
      // A Map keeps the order of insertion, so the first entry is the one unused for the longest.
      entries.delete(text)
      entries.set(text, value)
      return value
    },
    set(text, value) {
      if (text.length > maxCharacters / 10) return value
      remove(text)
      entries.set(text, value)
      characters += text.length
      for (const [oldest] of entries) {
        if (entries.size <= maxEntries && characters <= maxCharacters) break
        remove(oldest)
      }
      return value
    },
    get size() {
      return entries.size
    },
  }
}
