import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { serviceNames } from '../src/stack/manifest.ts'
import { startStack } from '../src/stack/stack.ts'

const starts = 5
const idleMs = 2_000

test('every service starts in under 500 ms from its bundle and holds under 150 MB when idle', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-e2e-'))
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }))
  const stack = cleanUp.use(await startStack({ root: resolve(import.meta.dirname, '../..'), directory, logLevel: 'warn' }))

  const startMs = new Map<string, number[]>()
  for (let round = 0; round < starts; round += 1) {
    for (const name of serviceNames) {
      const { startedInMs } = await stack.restart(name)
      startMs.set(name, [...(startMs.get(name) ?? []), Math.round(startedInMs)])
    }
  }
  await wait(idleMs)
  const megabytes = new Map(
    await Promise.all([...stack.services].map(async ([name, { pid }]) => [name, await residentMegabytes(pid)] as const)),
  )
  process.stdout.write(`${JSON.stringify({ startMs: Object.fromEntries(startMs), megabytes: Object.fromEntries(megabytes) })}\n`)
  for (const times of startMs.values()) expect(times.toSorted((a, b) => a - b)[Math.floor(starts / 2)]).toBeLessThan(500)
  for (const used of megabytes.values()) expect(used).toBeLessThan(150)
}, 60_000)

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024)
}
