/** Work that lies on disk: runs what is due as soon as somebody wakes it, and looks by itself for what nobody told of. */
export interface Drain extends AsyncDisposable {
  readonly wake: () => void
}

export interface DrainOptions<Item> {
  /** Takes on what is due, at most so many. */
  readonly claim: (limit: number) => Promise<readonly Item[]>
  /** Does one; must not throw. */
  readonly run: (item: Item) => Promise<void>
  readonly concurrency: number
  readonly pollMs: number
  readonly failed: (error: unknown) => void
}

/** How long a claim waits for half of the places, since it costs the same for one item as for many. */
const gatherMs = 20

/** A drain that is at work. One slow item keeps one place, never the others. Disposing lets what is under way finish. */
export function startDrain<Item>({ claim, run, concurrency, pollMs, failed }: DrainOptions<Item>): Drain {
  const underWay = new Set<Promise<void>>()
  let wanted = false
  let filling: Promise<void> | undefined
  let closed = false

  async function fill(): Promise<void> {
    try {
      while (wanted && !closed) {
        // A place has to be free before more is claimed: what is claimed is waited for by nobody else.
        await halfIsFree()
        if (underWay.size >= concurrency) await Promise.race(underWay)
        else await takeOn(concurrency - underWay.size)
      }
    } finally {
      // In the same turn as the last look at `wanted`, so that no wake falls in between.
      filling = undefined
    }
  }

  /** Or has been waited for: items that hang keep their own places alone. */
  async function halfIsFree(): Promise<void> {
    if (underWay.size <= concurrency / 2) return
    let late = false
    const { promise: waited, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(() => {
      late = true
      resolve()
    }, gatherMs)
    while (underWay.size > concurrency / 2 && !late) await Promise.race([...underWay, waited])
    clearTimeout(timer)
  }

  async function takeOn(free: number): Promise<void> {
    wanted = false
    const items = await claim(free)
    // As much as was asked for: there may be more.
    wanted ||= items.length === free
    for (const item of items) {
      const work: Promise<void> = run(item).finally(() => underWay.delete(work))
      underWay.add(work)
    }
  }

  function wake(): void {
    if (closed) return
    wanted = true
    filling ??= fill().catch(failed)
  }

  const timer = setInterval(wake, pollMs)
  timer.unref()
  wake()

  return {
    wake,
    async [Symbol.asyncDispose]() {
      closed = true
      clearInterval(timer)
      await filling
      await Promise.all(underWay)
    },
  }
}
