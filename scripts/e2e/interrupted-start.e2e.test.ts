import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createSandboxControl, eventually, startMariadb } from '@frontdesk/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Manifest } from '../src/stack/manifest.ts'

const root = resolve(import.meta.dirname, '../..')
/** Longer than a start takes on a busy machine. */
const startedWithinMs = 45_000
let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'frontdesk-dev-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

function dev(args: readonly string[] = [], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(root, 'scripts/src/dev.ts'), ...args], {
    env: { ...process.env, ...environment, FRONTDESK_DIRECTORY: directory },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let progress = ''
  child.stderr.on('data', (chunk: Buffer) => (progress += chunk.toString()))
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  const closed = once(child, 'close')
  return {
    child,
    says: (words: string) => eventually(() => expect(progress).toContain(words), { intervalMs: 1, timeoutMs: startedWithinMs }),
    shows: (words: string, timeoutMs?: number) =>
      eventually(() => expect(stdout).toContain(words), { intervalMs: 1, ...(timeoutMs !== undefined && { timeoutMs }) }),
    async end() {
      const [code] = (await closed) as [number | null]
      return { code, stdout, stderr: progress }
    },
  }
}

/** The processes that were started for our folder: each has it in its arguments or its environment. */
async function leftovers(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, environment] = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
      )
      return `${command}${environment}`.includes(directory) ? [`${pid} ${command?.replaceAll('\0', ' ')}`] : []
    }),
  )
  return found.flat()
}

const isThere = (name: string) =>
  access(join(directory, name)).then(
    () => true,
    () => false,
  )

async function expectNothingLeft(): Promise<void> {
  expect(await leftovers()).toEqual([])
  expect({ pid: await isThere('dev.pid'), manifest: await isThere('dev.json') }).toEqual({ pid: false, manifest: false })
}

test.each([
  ['SIGINT', 'starting MariaDB', 130],
  ['SIGTERM', 'migrating', 143],
  ['SIGINT', 'starting the services', 130],
  ['SIGTERM', 'seeding', 143],
  ['SIGINT', 'ready after', 0],
] as const)('%s after “%s” stops everything, promptly', async (signal, words, exitCode) => {
  const run = dev()
  await run.says(words)
  const begun = performance.now()
  run.child.kill(signal)
  const { code } = await run.end()
  expect(performance.now() - begun).toBeLessThan(5_000)
  expect(code).toBe(exitCode)
  await expectNothingLeft()
})

test('a stop does not wait for servers that do not answer', async () => {
  const run = dev([], { NATS_URL: 'nats://127.0.0.1:1' })
  await run.says('migrating')
  run.child.kill('SIGTERM')
  expect(await run.end()).toMatchObject({ code: 143 })
  await expectNothingLeft()
})

test('a service that dies while the stack runs is told, and the rest runs on', async () => {
  const run = dev()
  await run.says('ready after')
  const { pids } = JSON.parse(await readFile(join(directory, 'dev.json'), 'utf8')) as Manifest
  process.kill(pids['booking'] ?? 0, 'SIGKILL')
  await run.shows(`booking            ended by itself (SIGKILL): see ${join(directory, 'logs/booking.log')}`)
  expect(run.child.exitCode).toBeNull()
  run.child.kill('SIGINT')
  expect(await run.end()).toMatchObject({ code: 0 })
  await expectNothingLeft()
})

test('a service that dies in a demonstration ends it with 1 and the end of its log', async () => {
  const run = dev(['--once', '--json'])
  await run.says('ready after')
  const { pids } = JSON.parse(await readFile(join(directory, 'dev.json'), 'utf8')) as Manifest
  process.kill(pids['booking'] ?? 0, 'SIGKILL')
  const { code, stdout, stderr } = await run.end()
  expect(code).toBe(1)
  expect(stderr).toMatch(/✗ booking ended by itself \(SIGKILL\)\. The end of .*booking\.log:\n\{/)
  expect(stdout.split('\n').filter(Boolean)).toHaveLength(1)
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: expect.stringContaining('booking ended by itself') })
  await expectNothingLeft()
})

test('an effect that does not come ends a demonstration with 1; its event says why, and the others go on', async () => {
  const run = dev(['--once', '--json'])
  await run.says('ready after')
  const { sandbox } = JSON.parse(await readFile(join(directory, 'dev.json'), 'utf8')) as Manifest
  // From now on WhatsApp knows this template alone.
  await createSandboxControl(sandbox.controlUrl).whatsapp.putTemplate({ name: 'another', language: 'en_US', parameterCount: 0 })
  const { code, stdout } = await run.end()
  const { ok, events } = JSON.parse(stdout) as { ok: boolean; events: { name: string; effect: string; error?: string }[] }
  expect({ code, ok }).toEqual({ code: 1, ok: false })
  expect(events.at(-1)?.name).toBe('retell call_ended, unknown number')
  expect(events.filter(({ error }) => error !== undefined)).toEqual(
    Array.from({ length: 2 }, () =>
      expect.objectContaining({ name: 'calcom BOOKING_CREATED', effect: 'failed', error: expect.stringMatching(/^msg_\w+ failed: /) }),
    ),
  )
  await expectNothingLeft()
})

test('a demonstration that is stopped tells of no failure that is only the stop', async () => {
  const run = dev(['--once'])
  await run.shows('retell call_started', startedWithinMs)
  run.child.kill('SIGINT')
  const { code, stdout } = await run.end()
  expect(code).toBe(130)
  expect(stdout).not.toContain('failed')
  await expectNothingLeft()
})

test('a second start in the same folder is refused, and takes nothing from the first', async () => {
  const first = dev()
  await first.says('ready after')
  const second = await dev().end()
  expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining(`running here already (pid ${first.child.pid})`) })
  expect(await isThere('dev.json')).toBe(true)
  first.child.kill('SIGTERM')
  expect(await first.end()).toMatchObject({ code: 0 })
})

test('whatever was seeded before on a given server, by this checkout or by another, the demonstration does what it should', async () => {
  await using server = await startMariadb()
  const given = { MYSQL_URL: server.url }
  const killed = dev([], given)
  await killed.says('seeding')
  killed.child.kill('SIGKILL')
  await killed.end()

  expect(await dev(['--once', '--json'], given).end()).toMatchObject({ code: 0, stdout: expect.stringContaining('"ok":true') })
  await rm(directory, { recursive: true })
  expect(await dev(['--once', '--json'], given).end()).toMatchObject({ code: 0, stdout: expect.stringContaining('"ok":true') })
}, 60_000)
