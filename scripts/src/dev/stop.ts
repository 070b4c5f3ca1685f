/** The stop that a signal asked for, while there was still something to be done. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
  readonly exitCode: number

  constructor(exitCode: number) {
    super('stopped by a signal')
    this.exitCode = exitCode
  }
}

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
/** Wrappers such as pnpm pass on what the terminal has sent to everybody already. */
const sameSignalMs = 1_000

/** Aborts at the first signal; a later one ends the process at once, after the last thing it has to do. */
export function stopOnSignals(lastly: () => void): AbortSignal {
  const stop = new AbortController()
  let stoppedAt = 0
  for (const [signal, exitCode] of Object.entries(exitCodes)) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        stoppedAt = performance.now()
        stop.abort(new Stopped(exitCode))
      } else if (performance.now() - stoppedAt > sameSignalMs) {
        lastly()
        // The kernel ends all that we started.
        process.exit(exitCode)
      }
    })
  }
  return stop.signal
}
