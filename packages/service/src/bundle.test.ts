import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const banner = `import { createRequire as r } from 'node:module'; const require = r(import.meta.url);
const __filename = import.meta.filename; const __dirname = import.meta.dirname;`

async function bundle(folder: string): Promise<string> {
  await build({
    entryPoints: [new URL('../test/traced-service.ts', import.meta.url).pathname],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    keepNames: true,
    banner: { js: banner },
    logLevel: 'silent',
  })
  return join(folder, 'traced-service.mjs')
}

test('from a bundle, a service starts on under 500 ms of CPU and 150 MB, serves metrics, and exports its spans', async () => {
  const bodies: Promise<Buffer>[] = []
  const collector = createServer((request, response) => {
    bodies.push(buffer(request))
    response.end()
  }).listen(0, '127.0.0.1')
  await once(collector, 'listening')
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-bundle-'))
  try {
    const program = await bundle(folder)
    const start = async () => {
      const child = spawn(process.execPath, [program], {
        env: { ADMIN_PORT: '0', OTLP_ENDPOINT: endpoint },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      const exited = once(child, 'exit')
      const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
      return { child, exited, serving: JSON.parse(line) as { adminUrl: string; cpuMs: number; rssMb: number; trace_id: string } }
    }
    let { child, exited, serving } = await start()
    // What else the machine does makes a start dearer, never cheaper.
    for (let tries = 1; serving.cpuMs >= 500 && tries < 5; tries += 1) {
      child.kill('SIGTERM')
      await exited
      ;({ child, exited, serving } = await start())
    }
    expect(serving.cpuMs).toBeLessThan(500)
    expect(serving.rssMb).toBeLessThan(150)
    expect(serving.trace_id).toMatch(/^[0-9a-f]{32}$/)
    expect(await (await fetch(`${serving.adminUrl}/metrics`)).text()).toContain('process_resident_memory_bytes')
    child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
    expect(Buffer.concat(await Promise.all(bodies)).toString('latin1')).toContain('starting up')
  } finally {
    collector.close()
    await rm(folder, { recursive: true, force: true })
  }
})
