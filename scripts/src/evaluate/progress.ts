const patienceMs = 2_000
const everyMs = 500

/** A line on standard error that says how far it is, from two seconds on; disposing it takes the line away. */
export interface Progress extends Disposable {
  readonly report: (done: number, of: number) => void
}

/** On a terminal the line changes in place; elsewhere it comes once in ten seconds. */
export function createProgress(what: string): Progress {
  const { stderr } = process
  const startedAt = Date.now()
  let shownAt = 0
  return {
    report(done, of) {
      const now = Date.now()
      if (now - startedAt < patienceMs || now - shownAt < (stderr.isTTY ? everyMs : 20 * everyMs)) return
      shownAt = now
      const line = `· ${what}: ${Math.floor((100 * done) / of)}% of ${of} events, ${Math.round((now - startedAt) / 1_000)} s`
      stderr.write(stderr.isTTY ? `\r\u{1B}[K${line}` : `${line}\n`)
    },
    [Symbol.dispose]() {
      if (shownAt > 0 && stderr.isTTY) stderr.write('\r\u{1B}[K')
    },
  }
}
