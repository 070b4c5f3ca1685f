/**
 * The list, its last item repeated up to a power of two, where a repeated item changes nothing, as in `in (…)`. So lists
 * of all lengths share a handful of statements, each prepared and checked by the guard only once.
 */
export function padded<Item>(items: readonly Item[]): Item[] {
  const last = items.at(-1)
  if (last === undefined) return [...items]
  const length = 2 ** Math.ceil(Math.log2(items.length))
  return [...items, ...Array.from({ length: length - items.length }, () => last)]
}
