import type { Readable, Writable } from 'node:stream'

/** What a run of the CLI has of the world. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Writes a line to stdout: results, and nothing else. */
  readonly out: (line: string) => void
  /** Writes a line to stderr. */
  readonly err: (line: string) => void
  /** stdin and stdout as they are, for what speaks a protocol over them. */
  readonly pipes: { readonly input: Readable; readonly output: Writable }
  readonly now: () => Date
  /** Has Ctrl-C call this in place of ending the process; what it returns takes that back. */
  readonly onInterrupt: (interrupted: () => void) => () => void
  /** Asks the person at the terminal; a hidden answer is not shown as it is typed. Empty at the end of the input. */
  readonly ask: (question: string, options?: { hidden?: boolean }) => Promise<string>
}
