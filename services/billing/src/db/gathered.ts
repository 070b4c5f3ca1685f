import { isFrontdeskError } from '@frontdesk/errors'

interface Waiting<Item> {
  readonly item: Item
  readonly done: PromiseWithResolvers<void>
}

/**
 * Writes single items in batches: while one batch is written the next one gathers. Where a batch fails, each of its items is written alone,
 * unless nothing can be written now.
 */
export function gathered<Item>(write: (items: readonly Item[]) => Promise<void>, mostAtOnce: number): (item: Item) => Promise<void> {
  const waiting: Waiting<Item>[] = []
  let writing = false

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      await writeBatch(waiting.splice(0, mostAtOnce))
    }
    writing = false
  }

  async function writeBatch(batch: readonly Waiting<Item>[]): Promise<void> {
    try {
      await write(batch.map(({ item }) => item))
      for (const { done } of batch) done.resolve()
    } catch (error) {
      if (batch.length > 1 && !isFrontdeskError(error, 'unavailable')) for (const one of batch) await writeBatch([one])
      else for (const { done } of batch) done.reject(error)
    }
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
