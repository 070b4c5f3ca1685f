import { setTimeout as wait } from 'node:timers/promises'

/** Does the work again and again until disposed, with a pause between that `wake` ends early; a failure is told, and the next time comes. */
export function repeat(work: () => Promise<unknown>, pauseMs: number, onFailure: (error: unknown) => void) {
  const stop = new AbortController()
  let pause = new AbortController()
  let isAwake = false
  const repeating = (async () => {
    while (!stop.signal.aborted) {
      isAwake = false
      await work().catch(onFailure)
      if (isAwake) continue
      pause = new AbortController()
      await wait(pauseMs, undefined, { signal: AbortSignal.any([pause.signal, stop.signal]) }).catch(() => undefined)
    }
  })()
  return {
    wake(): void {
      isAwake = true
      pause.abort()
    },
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort()
      await repeating
    },
  }
}
