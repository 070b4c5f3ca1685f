import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { parseKeyRing } from './key-ring.ts'
import { createVault } from './vault.ts'

const ringText = (...ids: string[]) => ids.map((id) => `${id}:${randomBytes(32).toString('base64')}`).join(',')
const place = { table: 'connections', column: 'secret', row: 'con_1' }

test('what was sealed opens in its place, and two seals of one text differ', () => {
  const vault = createVault({ keys: parseKeyRing(ringText('a')) })
  const sealed = vault.seal('sécret', place)
  expect(vault.open(sealed, place)).toBe('sécret')
  expect(Buffer.from(sealed).equals(Buffer.from(vault.seal('sécret', place)))).toBe(false)
})

test('it opens in no other table, column or row', () => {
  const vault = createVault({ keys: parseKeyRing(ringText('a')) })
  const sealed = vault.seal('secret', place)
  for (const other of [{ ...place, table: 'x' }, { ...place, column: 'x' }, { ...place, row: 'con_2' }]) {
    expect(() => vault.open(sealed, other)).toThrow(expect.objectContaining({ code: 'internal' }))
  }
})

test('no changed, shortened or foreign byte opens', () => {
  const vault = createVault({ keys: parseKeyRing(ringText('a')) })
  const sealed = Buffer.from(vault.seal('secret', place))
  for (let index = 0; index < sealed.length; index += 1) {
    const changed = Buffer.from(sealed)
    changed.writeUInt8((changed.readUInt8(index) + 1) % 256, index)
    expect(() => vault.open(changed, place)).toThrow()
    expect(() => vault.open(sealed.subarray(0, index), place)).toThrow()
  }
})

test('a new first key seals, and the old one still opens', () => {
  const old = ringText('old')
  const sealed = createVault({ keys: parseKeyRing(old) }).seal('secret', place)
  const rotated = createVault({ keys: parseKeyRing(`${ringText('new')},${old}`) })
  expect(rotated.open(sealed, place)).toBe('secret')
  expect(Buffer.from(rotated.seal('secret', place)).toString('utf8', 2, 5)).toBe('new')
  expect(() => createVault({ keys: parseKeyRing(ringText('new')) }).open(sealed, place)).toThrow(/key old/)
})

test('a key ring that can’t be read is refused without showing a key', () => {
  const short = randomBytes(16).toString('base64')
  for (const text of ['', 'a', `a:${short}`, `${ringText('a')},a`, `${ringText('a')},${ringText('a')}`, ringText('a b')]) {
    expect(() => parseKeyRing(text)).toThrow(expect.objectContaining({ code: 'invalid_argument' }))
    expect(() => parseKeyRing(text)).not.toThrow(short)
  }
  expect(() => createVault({ keys: [] })).toThrow(TypeError)
})
