import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { newRing } from '../test/in-memory.ts'
import { openKeyRingFile, parseKeyRing } from './key-ring.ts'

const key = () => randomBytes(32).toString('base64')

test('a key ring is read in its order, from one line or several', () => {
  expect(newRing('a', 'b').map(({ id }) => id)).toEqual(['a', 'b'])
  expect(parseKeyRing(`b:${key()}\na:${key()}\n`).map(({ id }) => id)).toEqual(['b', 'a'])
})

test.each([
  '',
  'a',
  'a:',
  `:${key()}`,
  'a:AAAA',
  `a:${key()}:x`,
  `a b:${key()}`,
  `a:${'*'.repeat(43)}=`,
  `a:${key()},a:${key()}`,
  `a:${key()},`,
])('the key ring %# is refused, and the error shows no key', (text) => {
  const refused = () => parseKeyRing(text)
  expect(refused).toThrow(expect.toSatisfy((error) => isFrontdeskError(error, 'invalid_argument')))
  for (const [part] of text.matchAll(/[A-Za-z0-9+/]{20,}/g)) expect(refused).not.toThrow(part)
})

test('a file’s ring is read again in time, and what can’t be read leaves the ring at hand', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-ring-'))
  try {
    const path = join(directory, 'ring')
    await expect(openKeyRingFile(path)).rejects.toThrow('ENOENT')
    await writeFile(path, `a:${key()}\n`)
    let now = 0
    const unread: unknown[] = []
    const ring = await openKeyRingFile(path, { clock: () => now, rereadAfterMs: 10, onUnread: (error) => unread.push(error) })
    const ids = async () => (await ring()).map(({ id }) => id)
    await writeFile(path, `b:${key()}\na:${key()}\n`)
    expect(await ids()).toEqual(['a'])
    now = 10
    expect(await ids()).toEqual(['b', 'a'])
    await writeFile(path, 'half a')
    now = 20
    expect([await ids(), unread.length]).toEqual([['b', 'a'], 1])
  } finally {
    await rm(directory, { recursive: true })
  }
})
