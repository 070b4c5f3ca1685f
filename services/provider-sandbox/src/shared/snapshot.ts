/** What a provider remembers: maps by name. */
type State = object

/** The state as JSON can hold it. */
export function snapshotOf(state: State): object {
  return Object.fromEntries(mapsOf(state).map(([name, map]) => [name, [...map]]))
}

/** Puts what a snapshot holds in place of the state; a map that it lacks is then empty. */
export function restore(state: State, snapshot: unknown): void {
  const kept = (snapshot ?? {}) as Readonly<Record<string, readonly [string, unknown][] | undefined>>
  for (const [name, map] of mapsOf(state)) {
    map.clear()
    for (const [key, value] of kept[name] ?? []) map.set(key, value)
  }
}

const mapsOf = (state: State) => Object.entries(state) as [string, Map<string, unknown>][]
