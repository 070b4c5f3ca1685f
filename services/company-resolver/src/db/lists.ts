/** The list in groups whose sizes are powers of two, the largest first, for inserts: the same few statements again. */
export function inPowersOfTwo<Item>(items: readonly Item[], largest: number): Item[][] {
  const groups: Item[][] = []
  for (let start = 0; start < items.length; start += groups.at(-1)?.length ?? 0) {
    const size = Math.min(largest, 2 ** Math.floor(Math.log2(items.length - start)))
    groups.push(items.slice(start, start + size))
  }
  return groups
}
