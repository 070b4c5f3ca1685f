import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { serviceNames } from '../src/stack/manifest.ts'
import { startPrivateStack } from './private-stack.ts'

const limitMs = 500
/** What bare Node takes on a machine of the kind that the limit is for; on a slower one all may take longer by as much. */
const bareNodeMs = 55
const startsAtLeast = 5
const startsAtMost = 15
const idleMs = 2_000

test(`every service starts in under ${limitMs} ms from its bundle and holds under 150 MB when idle`, async () => {
  await using stack = await startPrivateStack()

  const startMs = new Map<string, number[]>()
  const bareMs: number[] = []
  const allowedMs = () => limitMs * Math.max(1, Math.min(...bareMs) / bareNodeMs)
  // The best counts, since whatever else the machine does can only add to it; while it is busy there are more tries.
  const isDone = (round: number) => round >= startsAtLeast && [...startMs.values()].every((times) => Math.min(...times) < allowedMs())
  for (let round = 0; round < startsAtMost && !isDone(round); round += 1) {
    bareMs.push(await bareStartMs())
    for (const name of serviceNames) {
      const { startedInMs } = await stack.restart(name)
      startMs.set(name, [...(startMs.get(name) ?? []), Math.round(startedInMs)])
    }
  }
  await wait(idleMs)
  const megabytes = new Map(
    await Promise.all([...stack.services].map(async ([name, { pid }]) => [name, await residentMegabytes(pid)] as const)),
  )
  process.stdout.write(`${JSON.stringify({ bareMs, startMs: Object.fromEntries(startMs), megabytes: Object.fromEntries(megabytes) })}\n`)
  for (const times of startMs.values()) expect(Math.min(...times)).toBeLessThan(allowedMs())
  for (const used of megabytes.values()) expect(used).toBeLessThan(150)
}, 120_000)

/** From its beginning to its end, with nothing to run. */
async function bareStartMs(): Promise<number> {
  const begun = performance.now()
  await once(spawn(process.execPath, ['--eval', '0'], { stdio: 'ignore' }), 'exit')
  return Math.round(performance.now() - begun)
}

async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024)
}
