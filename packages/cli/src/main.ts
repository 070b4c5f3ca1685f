import { ask } from './ask.ts'
import { runCli } from './cli.ts'

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  cwd: process.cwd(),
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  pipes: { input: process.stdin, output: process.stdout },
  now: () => new Date(),
  interrupted: () => {
    const interruption = new AbortController()
    // Once: the second Ctrl-C ends whatever is still busy with the first.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
    return interruption.signal
  },
  ask,
})
