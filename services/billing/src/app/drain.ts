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
  /** How long a claim waits for more to be due and for more places: it costs the same for one item as for many. */
  readonly gatherMs: number
  readonly pollMs: number
  readonly failed: (error: unknown) => void
}

/** A drain that is at work. One slow item keeps one place, never the others. Disposing lets what is under way finish. */
export function startDrain<Item>({ claim, run, concurrency, gatherMs, pollMs, failed }: DrainOptions<Item>): Drain {
  const underWay = new Set<Promise<void>>()
  let wanted = false
  let filling: Promise<void> | undefined
  let closed = false
  let hurry = () => {}

  async function fill(): Promise<void> {
    try {
      while (wanted && !closed) {
        await more()
        if (closed) break
        // A place has to be free before more is claimed: what is claimed is waited for by nobody else.
        if (underWay.size >= concurrency) await Promise.race(underWay)
        else await takeOn(concurrency - underWay.size)
      }
    } finally {
      // In the same turn as the last look at `wanted`, so that no wake falls in between.
      filling = undefined
    }
  }

  /** As long as a claim waits for more, unless it is to end. */
  async function more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, gatherMs)
    hurry = resolve
    await promise
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
      hurry()
      clearInterval(timer)
      await filling
      await Promise.all(underWay)
    },
  }
}
