import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

let piped: AsyncIterator<string> | undefined

/** Asks on the terminal; where the input is no terminal, takes its next line. */
export async function ask(question: string, { hidden = false }: { hidden?: boolean } = {}): Promise<string> {
  if (!process.stdin.isTTY) {
    piped ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]()
    const { value, done } = await piped.next()
    return done ? '' : value
  }
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: process.stdin, output: hidden ? silent : process.stderr, terminal: true })
  try {
    return await terminal.question('')
  } finally {
    terminal.close()
    if (hidden) process.stderr.write('\n')
  }
}
