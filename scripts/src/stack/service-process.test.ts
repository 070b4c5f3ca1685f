import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@frontdesk/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrateService, startService } from './service-process.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'frontdesk-service-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const serving = `
  const { createServer } = await import('node:http')
  createServer((request, response) => {
    response.end('ready')
    if (request.url === '/end') process.exit(3)
  }).listen(Number(process.env.ADMIN_PORT), '127.0.0.1')
  console.log('the last words')
`

/** What it takes to start a bundle with this text. */
async function bundle(text: string) {
  const folder = join(root, 'services/booking/dist')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'main.mjs'), text)
  return { name: 'booking', root, env: { ADMIN_PORT: String(await freePort()) }, logFile: join(root, 'logs/booking.log') } as const
}

test('a service that ends by itself says how, with the end of its log', async () => {
  await using service = startService(await bundle(serving))
  await service.ready()
  expect(service.endedBy).toBeUndefined()
  void fetch(`${service.adminUrl}/end`).catch(() => undefined)
  const { message } = await service.died
  expect(message).toMatch(/^booking ended by itself \(exit 3\)\. The end of .*booking\.log:\nthe last words$/)
  expect(service.endedBy).toBe('exit 3')
})

test('a service that we end has not died', async () => {
  const service = startService(await bundle(serving))
  await service.ready()
  await service.kill()
  expect(service.endedBy).toBeUndefined()
  expect(await Promise.race([service.died, Promise.resolve('alive or ended by us')])).toBe('alive or ended by us')
})

test('a service that ends before it is ready fails its start at once, with the end of its log', async () => {
  await using service = startService(await bundle('console.log("no database"); process.exit(78)'))
  await expect(service.ready()).rejects.toThrow(/booking ended by itself \(exit 78\)[^]*no database/)
})

test('whoever waits for a service to be ready can stop waiting', async () => {
  await using service = startService(await bundle('setInterval(() => undefined, 1_000)'))
  await expect(service.ready(AbortSignal.timeout(50))).rejects.toThrow(/timeout/)
})

test('migrations that fail show the end of their log', async () => {
  await expect(migrateService(await bundle('console.log("table exists"); process.exit(1)'))).rejects.toThrow(/exit 1[^]*table exists/)
})
