import { createConnection } from 'mysql2/promise'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createTestDatabase, freePort, startMariadb, startNats } from './index.ts'

test('two test databases of one run do not see each other', async () => {
  await using one = await createTestDatabase()
  await using two = await createTestDatabase()
  const first = await createConnection(one.url)
  const second = await createConnection(two.url)
  await first.query('create table here (id int)')
  const [tables] = await second.query('show tables')
  await Promise.all([first.end(), second.end()])
  expect(tables).toEqual([])
})

test('a durable MariaDB that is killed keeps its commits for the next start on its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-test-'))
  const dataDir = join(folder, 'data')
  const first = await startMariadb({ dataDir, durable: true })
  const writer = await createConnection(first.url)
  await writer.query('create database kept')
  await writer.query('create table kept.rows_ (id int primary key)')
  await writer.query('insert into kept.rows_ values (7)')
  writer.on('error', () => undefined)
  await first.kill()
  const second = await startMariadb({ dataDir, port: first.port, durable: true })
  const reader = await createConnection(second.url)
  const [rows] = await reader.query('select id from kept.rows_')
  await reader.end()
  await second[Symbol.asyncDispose]()
  expect(rows).toEqual([{ id: 7 }])
  await rm(folder, { recursive: true })
})

test('a disposed server is gone with its temporary folder', async () => {
  const nats = await startNats()
  const mariadb = await startMariadb()
  await Promise.all([nats[Symbol.asyncDispose](), mariadb[Symbol.asyncDispose]()])
  expect(existsSync(nats.storeDir)).toBe(false)
  expect(existsSync(mariadb.dataDir)).toBe(false)
  expect(() => process.kill(nats.pid, 0)).toThrow('ESRCH')
  expect(() => process.kill(mariadb.pid, 0)).toThrow('ESRCH')
})

test('nats-server runs JetStream and answers on its monitor port', async () => {
  await using nats = await startNats()
  const answer = await fetch(`${nats.monitorUrl}/healthz?js-enabled-only=true`)
  expect(await answer.json()).toEqual({ status: 'ok' })
})

test('a server whose port is taken does not pretend to have started', async () => {
  await using nats = await startNats()
  await expect(startNats({ port: nats.port })).rejects.toThrow('another server answers there')
})

test('a server that exits at once is an error with what it printed', async () => {
  await expect(startNats({ storeDir: '/dev/shm', port: await freePort(), monitorPort: 1 << 20 })).rejects.toThrow(
    /did not start.*exit 1.*port/s,
  )
})
