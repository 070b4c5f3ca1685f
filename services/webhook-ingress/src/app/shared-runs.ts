import { setTimeout as wait } from 'node:timers/promises'

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
  let upcoming: Promise<Result> | undefined
  let hurry = new AbortController()
  let underWay: Promise<unknown> = Promise.resolve()
  let begunAtMs = Number.NEGATIVE_INFINITY

  async function begin(): Promise<Result> {
    await underWay
    const waitMs = begunAtMs + leastIntervalMs - performance.now()
    if (waitMs > 0) await wait(waitMs, undefined, { signal: hurry.signal }).catch(() => undefined)
    upcoming = undefined
    hurry = new AbortController()
    begunAtMs = performance.now()
    const result = run()
    underWay = result.catch(() => undefined)
    return result
  }

  return {
    next({ urgent = false } = {}) {
      upcoming ??= begin()
      if (urgent) hurry.abort()
      return upcoming
    },
  }
}
