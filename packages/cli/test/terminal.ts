import { PassThrough } from 'node:stream'
import { runCli, type CliContext } from '../src/index.ts'

/** What a command line left behind. */
export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command line, by default far from any `.frontdesk/` and with an empty environment. */
export async function run(
  argv: readonly string[],
  {
    onLine,
    ...context
  }: Partial<Pick<CliContext, 'env' | 'cwd' | 'now' | 'ask' | 'pipes' | 'interrupted'>> & { readonly onLine?: (line: string) => void } = {},
): Promise<Outcome> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(argv, {
    env: {},
    cwd: '/',
    now: () => new Date('2026-11-22T10:00:00Z'),
    ask: async () => '',
    interrupted: () => new AbortController().signal,
    pipes: { input: new PassThrough().end(), output: new PassThrough() },
    ...context,
    out: (line) => {
      out.push(line)
      onLine?.(line)
    },
    err: (line) => {
      err.push(line)
      onLine?.(line)
    },
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
