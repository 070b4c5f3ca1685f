import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { eventually } from '@frontdesk/testing'
import { expect, test } from 'vitest'

const program = new URL('../test/example-service.ts', import.meta.url).pathname
const valid = { HTTP_PORT: '0', API_KEY: 's3cret-key' }

/** A real process, in an environment of its own. */
function run(env: Record<string, string>, args: string[] = []) {
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  const stderr = text(child.stderr)
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  )
  return {
    said: (words: string) => eventually(() => expect(stdout).toContain(words), { timeoutMs: 15_000 }),
    send: (signal: NodeJS.Signals) => void child.kill(signal),
    async end() {
      const { code, signal } = await exited
      return { code, signal, stdout: stdout.split('\n').filter(Boolean), stderr: await stderr }
    },
  }
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s drains, then the process ends with 0', async (signal) => {
  const service = run(valid)
  await service.said('serving')
  service.send(signal)
  const { code, stdout, stderr } = await service.end()
  expect(code).toBe(0)
  expect(stdout).toEqual(['serving', 'draining', 'drained'])
  expect(stderr).toContain('"msg":"stopped"')
})

test('further signals neither cut the drain short nor begin a second one', async () => {
  const service = run(valid)
  await service.said('serving')
  service.send('SIGINT')
  await service.said('draining')
  service.send('SIGTERM')
  service.send('SIGINT')
  const { code, stdout } = await service.end()
  expect(code).toBe(0)
  expect(stdout).toEqual(['serving', 'draining', 'drained'])
})

test.each(['hang', 'hang-on-nothing'])('a drain that does not end (%s) is ended after the grace period, with 1', async (behaviour) => {
  const service = run({ ...valid, BEHAVIOUR: behaviour })
  await service.said('serving')
  service.send('SIGTERM')
  const { code, stderr } = await service.end()
  expect(code).toBe(1)
  expect(stderr).toContain('the grace period is over')
})

test('a drain that fails ends with 1 and says why', async () => {
  const service = run({ ...valid, BEHAVIOUR: 'fail-to-stop' })
  await service.said('serving')
  service.send('SIGTERM')
  const { code, stderr } = await service.end()
  expect(code).toBe(1)
  expect(stderr).toContain('outbox not flushed')
})

test('what is left open after the drain does not keep the process, and is named', async () => {
  const service = run({ ...valid, BEHAVIOUR: 'leak' })
  await service.said('serving')
  service.send('SIGTERM')
  const { code, stderr } = await service.end()
  expect(code).toBe(0)
  expect(stderr).toMatch(/"open":\[.*TCPServerWrap/)
})

test('a start that fails ends with 1 and says why, down to the cause', async () => {
  const { code, stdout, stderr } = await run({ ...valid, BEHAVIOUR: 'fail' }).end()
  expect(code).toBe(1)
  expect(stdout).toEqual([])
  expect(JSON.parse(stderr)).toMatchObject({
    level: 'fatal',
    service: 'example',
    msg: 'the service could not start',
    err: { message: 'no database', cause: { message: 'ECONNREFUSED' } },
  })
})

test.each([
  ['throw', 'uncaughtException'],
  ['reject', 'unhandledRejection'],
])('an error that nobody caught (%s) is logged and ends the process with 1', async (behaviour, origin) => {
  const { code, stderr } = await run({ ...valid, BEHAVIOUR: behaviour }).end()
  expect(code).toBe(1)
  expect(stderr).toContain('"level":"fatal"')
  expect(stderr).toContain(origin)
})

test('an environment with three problems ends with 78, lists all three and shows no value', async () => {
  const { code, stdout, stderr } = await run({ HTTP_PORT: '80a0', POOL_SIZE: '0', API_KEY: '', GREETING: 'hello' }).end()
  expect(code).toBe(78)
  expect(stdout).toEqual([])
  expect(stderr.trimEnd().split('\n')).toEqual([
    'example: The configuration has problems:',
    '  HTTP_PORT: must be a whole number',
    '  API_KEY: is not set',
    '  POOL_SIZE: must be at least 1',
  ])
})

test("a schema's own message that quotes a secret is printed without it", async () => {
  const { code, stderr } = await run({ ...valid, GREETING: 'my s3cret' }).end()
  expect(code).toBe(78)
  expect(stderr).toContain('GREETING: must not be [redacted]')
  expect(stderr).not.toContain('s3cret')
})

test('migrate migrates and ends without serving', async () => {
  const { code, stdout } = await run(valid, ['migrate']).end()
  expect({ code, stdout }).toEqual({ code: 0, stdout: ['migrated'] })
})

test('a migration that fails ends with 1 and says why', async () => {
  const { code, stderr } = await run({ ...valid, BEHAVIOUR: 'fail' }, ['migrate']).end()
  expect(code).toBe(1)
  expect(stderr).toContain('table exists')
})

test('an unknown command starts nothing and ends with 64', async () => {
  const { code, stdout, stderr } = await run(valid, ['migrat']).end()
  expect(code).toBe(64)
  expect(stdout).toEqual([])
  expect(stderr).toBe("usage: main [migrate], not 'migrat'\n")
})
