import { randomBytes } from 'node:crypto'
import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { type KeyRing, parseKeyRing } from './key-ring.ts'
import { createVault } from './vault.ts'

const place = { table: 'connections', column: 'secret', row: 'con_1' }
const key = () => randomBytes(32).toString('base64')

function newRing(...ids: string[]): KeyRing {
  return parseKeyRing(ids.map((id) => `${id}:${key()}`).join(','))
}

/** Why it did not open. */
function refusal(open: () => unknown): string {
  try {
    open()
  } catch (error) {
    expect(isFrontdeskError(error, 'internal')).toBe(true)
    return (error as Error).message
  }
  throw new Error('it opened')
}

test('what was sealed opens in its place, whatever the text, and two seals of one text differ', () => {
  const vault = createVault({ keys: newRing('a') })
  for (const text of ['', 'whsec_ü🔑', 'x'.repeat(100_000)]) {
    expect(vault.open(vault.seal(text, place), place)).toBe(text)
    expect(vault.seal(text, place)).not.toEqual(vault.seal(text, place))
  }
})

test.each([
  { ...place, table: 'x' },
  { ...place, column: 'x' },
  { ...place, row: 'con_2' },
  // The same letters, otherwise divided.
  { table: 'connectionss', column: 'ecret', row: 'con_1' },
])('it opens in no other place: %j', (elsewhere) => {
  const vault = createVault({ keys: newRing('a') })
  expect(refusal(() => vault.open(vault.seal('secret', place), elsewhere))).toContain('does not belong')
})

test('no byte of it can be changed, and none taken away', () => {
  const vault = createVault({ keys: newRing('a') })
  const sealed = vault.seal('secret', place)
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    refusal(() => vault.open(changed, place))
    refusal(() => vault.open(sealed.subarray(0, at), place))
  }
})

test('after a rotation the new key seals and the old one still opens', () => {
  const [old, next] = [newRing('2025'), newRing('2026')]
  const vault = createVault({ keys: [...next, ...old] })
  expect(vault.open(createVault({ keys: old }).seal('secret', place), place)).toBe('secret')
  const sealed = vault.seal('secret', place)
  expect(createVault({ keys: next }).open(sealed, place)).toBe('secret')
  expect(refusal(() => createVault({ keys: old }).open(sealed, place))).toContain('not in the ring')
})

test('another key under the same id does not open it', () => {
  const sealed = createVault({ keys: newRing('a') }).seal('secret', place)
  refusal(() => createVault({ keys: newRing('a') }).open(sealed, place))
})

test('a vault without a key is refused', () => {
  expect(() => createVault({ keys: [] })).toThrow(TypeError)
})

test('a key ring is read in its order', () => {
  expect(newRing('a', 'b').map(({ id }) => id)).toEqual(['a', 'b'])
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
