/** Runs that those who ask at about the same time share. */
export interface SharedRuns<Result> {
  /**
   * The result of the first run that begins from now on: what changed before this call is in it.
   * An urgent one does not wait for the interval.
   */
  next(options?: { urgent?: boolean }): Promise<Result>
}

/** One run at a time, and at least `leastIntervalMs` between the beginnings of two, however many ask. */
export function shareRuns<Result>(run: () => Promise<Result>, leastIntervalMs: number): SharedRuns<Result> {
  let upcoming: { readonly result: Promise<Result>; readonly hurry: () => void } | undefined
  let underWay: Promise<unknown> = Promise.resolve()
  let begunAtMs = Number.NEGATIVE_INFINITY

  async function begin(hurried: Promise<void>): Promise<Result> {
    await underWay
    await pause(begunAtMs + leastIntervalMs - performance.now(), hurried)
    upcoming = undefined
    begunAtMs = performance.now()
    const result = run()
    underWay = result.catch(() => undefined)
    return result
  }

  return {
    next({ urgent = false } = {}) {
      if (!upcoming) {
        const { promise: hurried, resolve: hurry } = Promise.withResolvers<void>()
        upcoming = { result: begin(hurried), hurry }
      }
      if (urgent) upcoming.hurry()
      return upcoming.result
    },
  }
}

/** That long, or until it is cut short. */
async function pause(ms: number, cutShort: Promise<void>): Promise<void> {
  if (ms <= 0) return
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([over, cutShort])
  clearTimeout(timer)
}
