/** Work that runs once at a time, and once more if it was asked for meanwhile. */
export interface Worker {
  wake(): void
  /** Resolves when what was asked for until now has been done, whatever is asked for meanwhile; at once if nothing was. */
  done(): Promise<void>
  /** Resolves when nothing runs; at once if nothing does. */
  idle(): Promise<void>
}

/** A worker for `run`, which must not throw. */
export function createWorker(run: () => Promise<void>): Worker {
  let wanted = false
  let running: Promise<void> | undefined
  let current = Promise.resolve()
  let next = Promise.withResolvers<void>()

  async function loop(): Promise<void> {
    try {
      while (wanted) {
        wanted = false
        const { promise, resolve } = next
        current = promise
        next = Promise.withResolvers()
        // One at a time is the point.
        await run()
        resolve()
      }
    } finally {
      // In the same turn as the last look at `wanted`, so that no wake falls in between.
      running = undefined
    }
  }

  return {
    wake() {
      wanted = true
      running ??= loop()
    },
    done: () => (wanted ? next.promise : current),
    async idle() {
      await running
    },
  }
}
