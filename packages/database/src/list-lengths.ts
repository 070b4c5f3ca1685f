/**
 * The list, its last item repeated up to the next of 1, 2, 3, 4, 6, 8, 12, 16, 24 and so on, where a repeated item changes
 * nothing, as in `in (…)`. So lists of all lengths share a few statements, each prepared and checked by the guard only once,
 * and no list grows by more than half.
 */
export function padded<Item>(items: readonly Item[]): Item[] {
  const last = items.at(-1)
  if (last === undefined) return [...items]
  const power = 2 ** Math.ceil(Math.log2(items.length))
  const length = items.length <= power * 0.75 && power > 2 ? power * 0.75 : power
  return [...items, ...Array.from({ length: length - items.length }, () => last)]
}

/** A statement's text for each length of its list, built at its first use: one text is the same string for ever, which caches find fast. */
export function textByLength(build: (length: number) => string): (length: number) => string {
  const texts = new Map<number, string>()
  return (length) => {
    const known = texts.get(length)
    if (known !== undefined) return known
    const text = build(length)
    texts.set(length, text)
    return text
  }
}

/**
 * The list in groups of few sizes, the largest first, for inserts: each is a whole number of quarters of a power of two. So lists of all
 * lengths share some two dozen statements, and each needs at most three.
 */
export function inFewLengths<Item>(items: readonly Item[], largest: number): Item[][] {
  const groups: Item[][] = []
  for (let start = 0; start < items.length; start += groups.at(-1)?.length ?? 0) {
    const left = Math.min(largest, items.length - start)
    const quarter = Math.max(1, 2 ** (Math.floor(Math.log2(left)) - 2))
    groups.push(items.slice(start, start + Math.floor(left / quarter) * quarter))
  }
  return groups
}
