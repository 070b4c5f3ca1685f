import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { defineCommand, runMain } from 'citty'
import { demonstrate } from './dev/demonstration.ts'
import { printEvent, printHeading, printLine, printStack } from './dev/output.ts'
import { watchStack } from './dev/watch.ts'
import { startStack } from './stack/stack.ts'

const root = resolve(import.meta.dirname, '../..')
const directory = join(root, '.frontdesk')
const manifestFile = join(directory, 'dev.json')
const lockFile = join(directory, 'dev.pid')

await runMain(
  defineCommand({
    meta: { name: './scripts/dev', description: 'Runs Frontdesk on this machine, with two demo companies.' },
    args: {
      once: { type: 'boolean', description: 'Send one signed webhook of each kind, follow each to its effect, and end.' },
      json: { type: 'boolean', description: 'With --once: one JSON object on the last line instead of the table.' },
    },
    async run({ args: { once = false, json = false } }) {
      process.exitCode = await dev(once, json)
    },
  }),
)

async function dev(once: boolean, json: boolean): Promise<number> {
  await mkdir(directory, { recursive: true })
  const running = await lock()
  if (running !== undefined) {
    process.stderr.write(`Frontdesk is running here already (pid ${running}). Stop it first, or use another checkout.\n`)
    return 1
  }
  const stopped = new Promise<void>((stop) => {
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
  try {
    const begun = performance.now()
    await using stack = await startStack({
      root,
      directory,
      preferredIngressPort: 8080,
      onStep: (step) => {
        if (!json) printLine(`· ${step}`)
      },
    })
    const { manifest } = stack
    await writeFile(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
    if (!json) printLine(`· ready after ${((performance.now() - begun) / 1_000).toFixed(1)} s`)

    if (!once) {
      printStack(manifest)
      await watchStack(manifest, stopped)
      return 0
    }

    if (!json) printHeading()
    const events = await Promise.race([demonstrate(manifest, json ? undefined : printEvent), stopped.then(() => undefined)])
    if (!events) return 130
    const ok = events.every(({ error }) => error === undefined)
    if (json) printLine(JSON.stringify({ ok, events: events.map(({ company: _shownInTheTable, ...event }) => event) }))
    else printLine(ok ? `\nAll ${events.length} webhooks did what they should.` : '\nNot every webhook did what it should.')
    return ok ? 0 : 1
  } finally {
    await Promise.all([rm(manifestFile, { force: true }), rm(lockFile, { force: true })])
  }
}

/** Undefined if the checkout is ours now, else the pid of the stack that runs in it. */
async function lock(): Promise<number | undefined> {
  try {
    await using file = await open(lockFile, 'wx')
    await file.writeFile(String(process.pid))
    return undefined
  } catch {
    const pid = Number(await readFile(lockFile, 'utf8').catch(() => ''))
    if (pid > 0 && isAlive(pid)) return pid
    await rm(lockFile, { force: true })
    return lock()
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
