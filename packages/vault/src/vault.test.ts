import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { newRing } from '../test/in-memory.ts'
import { createVault } from './vault.ts'

const place = { table: 'connections', column: 'secret', row: 'con_1' }

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
  expect([vault.isCurrent(sealed), createVault({ keys: old }).isCurrent(sealed)]).toEqual([true, false])
  expect(refusal(() => createVault({ keys: old }).open(sealed, place))).toContain('not in the ring')
})

test('another key under the same id does not open it', () => {
  const sealed = createVault({ keys: newRing('a') }).seal('secret', place)
  refusal(() => createVault({ keys: newRing('a') }).open(sealed, place))
})

test('a vault without a key is refused', () => {
  expect(() => createVault({ keys: [] })).toThrow(TypeError)
})
