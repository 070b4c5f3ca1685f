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
  onInterrupt: (interrupted) => {
    process.once('SIGINT', interrupted)
    return () => void process.off('SIGINT', interrupted)
  },
  ask,
})
