import { mkdtempDisposable, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measureSync } from './sync-time.ts'

test('a sync takes some time, and leaves nothing behind', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'frontdesk-sync-'))
  expect(measureSync(folder.path)).toBeGreaterThan(0)
  expect(await readdir(folder.path)).toEqual([])
})

test('a folder that is not there is told', () => {
  expect(() => measureSync('/nowhere')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
})
