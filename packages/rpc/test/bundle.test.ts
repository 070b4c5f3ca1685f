import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { createChannel, createClient } from 'nice-grpc'
import { HealthDefinition } from 'nice-grpc-server-health'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness } from './harness.ts'
import { reflect } from './reflect.ts'

let harness: Harness
let directory: string

beforeAll(async () => {
  harness = await createHarness()
  directory = await mkdtemp(join(tmpdir(), 'frontdesk-bundle-'))
})

afterAll(async () => {
  await harness[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const banner = [
  "import { createRequire as createRequireOfBundle } from 'node:module'",
  'const require = createRequireOfBundle(import.meta.url)',
  'const __filename = import.meta.filename',
  'const __dirname = import.meta.dirname',
].join(';')

test('a server in an ESM bundle, far from node_modules, serves calls, health and reflection', async () => {
  const outfile = join(directory, 'main.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'ledger-server.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    keepNames: true,
    banner: { js: banner },
    logLevel: 'error',
  })
  const child = spawn(process.execPath, [outfile, harness.authority.jwksFile], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(child.stdout, 'data')
    const address = `127.0.0.1:${String(port).trim()}`
    expect((await harness.connect(address).getEvent({ eventId: 'bundled' })).event?.eventId).toBe('bundled')
    const channel = createChannel(address)
    expect(await createClient(HealthDefinition, channel).check({ service: '' })).toMatchObject({ status: 1 })
    channel.close()
    expect(await reflect(address, 'listServices', '*')).toContain('frontdesk.ledger.v1.LedgerService')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
  }
}, 30_000)
