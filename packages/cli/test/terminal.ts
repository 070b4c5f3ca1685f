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
  context: Partial<Pick<CliContext, 'env' | 'cwd' | 'now' | 'ask' | 'pipes' | 'onInterrupt'>> = {},
): Promise<Outcome> {
  const out: string[] = []
  const err: string[] = []
  const code = await runCli(argv, {
    env: {},
    cwd: '/',
    now: () => new Date('2026-11-22T10:00:00Z'),
    ask: async () => '',
    onInterrupt: () => () => undefined,
    pipes: { input: new PassThrough().end(), output: new PassThrough() },
    ...context,
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
  })
  return { code, out: out.join('\n'), err: err.join('\n') }
}
