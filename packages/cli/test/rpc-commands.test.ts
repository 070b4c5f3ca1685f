import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventId } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'
import { startStack } from './stack.ts'
import { run } from './terminal.ts'

const operator = operatorForEachTest()

test('what the service refuses is told with its code, exit code 1, and nothing on stdout', async () => {
  const cli = await operator()
  expect(await cli('events', 'show', eventId, '--json')).toEqual({
    code: 1,
    out: '',
    err: 'error: webhook-ingress: There is no such thing. [not_found]',
  })
})

test('a service that is away is told with its address, where that came from, and what to do', async () => {
  const { code, err } = await run(['events', 'search', '--address', '127.0.0.1:1', '--token', 'x'])
  expect(code).toBe(1)
  expect(err).toContain('[unavailable]')
  expect(err).toContain('127.0.0.1:1 (from --address)')
})

test('a bad token is told with where it came from, never with the token itself', async () => {
  await using started = await startStack()
  const env = { FRONTDESK_TOKEN: 'hunter2' }
  const { code, out, err } = await run(['events', 'search'], { cwd: started.directory, env })
  expect(code).toBe(1)
  expect(err).toContain('[token_invalid]')
  expect(err).toContain('from FRONTDESK_TOKEN')
  expect(err).toContain('token issue')
  expect(out + err).not.toContain('hunter2')
})

test('settings come from flags, then the environment, then the nearest dev.json above', async () => {
  await using started = await startStack({ ledger: { listEvents: () => Promise.resolve({}) } })
  const below = join(started.directory, 'a', 'b')
  await mkdir(below, { recursive: true })
  const wrong = { FRONTDESK_WEBHOOK_INGRESS_ADDRESS: '127.0.0.1:1', FRONTDESK_TOKEN: 'wrong' }
  const flags = ['--address', started.address, '--token', started.token]
  expect((await run(['events', 'search'], { cwd: below })).code).toBe(0)
  expect((await run(['events', 'search', ...flags], { cwd: below, env: wrong })).code).toBe(0)
  expect((await run(['events', 'search'], { cwd: below, env: wrong })).err).toContain('from FRONTDESK_WEBHOOK_INGRESS_ADDRESS')
  const environment = { FRONTDESK_WEBHOOK_INGRESS_ADDRESS: started.address, FRONTDESK_TOKEN: started.token }
  expect((await run(['events', 'search'], { env: environment })).code).toBe(0)
})

test('a broken dev.json is told by its path, without its content', async () => {
  await using started = await startStack()
  await writeFile(join(started.directory, '.frontdesk', 'dev.json'), '{"operatorToken":"hunter2')
  const { code, err } = await run(['events', 'search'], { cwd: started.directory })
  expect(code).toBe(1)
  expect(err).toContain(join('.frontdesk', 'dev.json'))
  expect(err).not.toContain('hunter2')
})
