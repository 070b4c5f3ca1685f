interface Waiting<Item> {
  readonly item: Item
  readonly done: PromiseWithResolvers<void>
}

export interface GatheredOptions {
  /** Of one batch. */
  readonly mostAtOnce: number
  /** How long the first of a batch waits for others. */
  readonly gatherMs: number
  readonly batchesAtOnce: number
  /** Whether a batch's failure may be one item's fault, so that each deserves a try of its own. */
  readonly worthSplitting: (error: unknown) => boolean
}

/** Takes single items and writes them in batches, since each costs round trips however few it holds; each item ends as its batch does, or by itself. */
export function gathered<Item>(
  write: (items: readonly Item[]) => Promise<void>,
  { mostAtOnce, gatherMs, batchesAtOnce, worthSplitting }: GatheredOptions,
): (item: Item) => Promise<void> {
  const waiting: Waiting<Item>[] = []
  let batches = 0
  let gathering = false

  function look(): void {
    if (gathering || waiting.length === 0 || batches === batchesAtOnce) return
    batches += 1
    void nextBatch()
  }

  async function nextBatch(): Promise<void> {
    gathering = true
    if (waiting.length < mostAtOnce) await new Promise((resolve) => setTimeout(resolve, gatherMs))
    gathering = false
    const batch = waiting.splice(0, mostAtOnce)
    const writing = writeBatch(batch)
    look()
    await writing
    batches -= 1
    look()
  }

  async function writeBatch(batch: readonly Waiting<Item>[]): Promise<void> {
    const error = await written(batch)
    if (error === undefined) return
    if (batch.length === 1 || !worthSplitting(error)) return refuse(batch, error)
    // One after the other: a batch that fails must not ask for more than one that does not.
    for (const [index, one] of batch.entries()) {
      const own = await written([one])
      if (own === undefined) continue
      // What concerns all of them is not asked for each.
      if (!worthSplitting(own)) return refuse(batch.slice(index), own)
      refuse([one], own)
    }
  }

  /** Why they could not be written; undefined where they were. */
  async function written(batch: readonly Waiting<Item>[]): Promise<Error | undefined> {
    try {
      await write(batch.map(({ item }) => item))
      for (const { done } of batch) done.resolve()
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }

  function refuse(batch: readonly Waiting<Item>[], error: Error): void {
    for (const { done } of batch) done.reject(error)
  }

  return (item) => {
    const done = Promise.withResolvers<void>()
    waiting.push({ item, done })
    look()
    return done.promise
  }
}
