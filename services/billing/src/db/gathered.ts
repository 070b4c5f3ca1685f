interface Waiting<Item> {
  readonly item: Item
  readonly done: PromiseWithResolvers<void>
}

/** Writes single items in batches: while one batch is written the next one gathers. An item fails with its batch. */
export function gathered<Item>(write: (items: readonly Item[]) => Promise<void>, mostAtOnce: number): (item: Item) => Promise<void> {
  const waiting: Waiting<Item>[] = []
  let writing = false

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, mostAtOnce)
      try {
        await write(batch.map(({ item }) => item))
        for (const { done } of batch) done.resolve()
      } catch (error) {
        for (const { done } of batch) done.reject(error)
      }
    }
    writing = false
  }

  return (item) => {
    const done = Promise.withResolvers<void>()
    waiting.push({ item, done })
    if (!writing) {
      writing = true
      // Those that come in the same turn of the event loop share the first batch.
      setImmediate(() => void writeAll())
    }
    return done.promise
  }
}
