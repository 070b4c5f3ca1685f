import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const services = resolve(import.meta.dirname, '../../services')
// The sandbox is for development only: no image is made of it.
const deployed = (await readdir(services)).filter((name) => name !== 'provider-sandbox')

test.each(deployed)('%s runs from what the image holds of it: bundle, compiled code and migrations', async (service) => {
  const app = await mkdtemp(join(tmpdir(), 'frontdesk-image-'))
  try {
    await Promise.all(['dist', 'drizzle'].map((part) => cp(join(services, service, part), join(app, part), { recursive: true })))
    // Without settings it gets as far as to say which ones it lacks.
    const env = { NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
    const running = promisify(execFile)(process.execPath, [join(app, 'dist/main.mjs')], { cwd: '/', env })
    await expect(running).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/service\.mjs was accepted.*MYSQL_URL: is not set/s),
    })
  } finally {
    await rm(app, { recursive: true })
  }
})
