import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { inMemoryDataKeys, newRing } from '../test/in-memory.ts'
import { createLocalKeyEncryption } from './key-encryption.ts'
import { fixedKeyRing } from './key-ring.ts'

test('a data key is unwrapped under its own name alone, and by its own key-encryption key', async () => {
  const ring = newRing('a')
  const keyEncryption = createLocalKeyEncryption(fixedKeyRing(ring))
  const { make, dataKeys } = inMemoryDataKeys(ring)
  const key = await make('cmp_1', 1)
  const { key: unwrapped } = { key: await keyEncryption.unwrap(key, key) }
  expect(unwrapped.symmetricKeySize).toBe(32)
  expect((await dataKeys.load([key]))(key).equals(unwrapped)).toBe(true)
  for (const name of [
    { companyId: 'cmp_2', keyId: 1 },
    { companyId: 'cmp_1', keyId: 2 },
  ]) {
    await expect(keyEncryption.unwrap(key, name)).rejects.toMatchObject({ code: 'internal' })
  }
  await expect(createLocalKeyEncryption(fixedKeyRing(newRing('a'))).unwrap(key, key)).rejects.toMatchObject({ code: 'internal' })
  await expect(createLocalKeyEncryption(fixedKeyRing(newRing('b'))).unwrap(key, key)).rejects.toThrow('has no a')
  for (let at = 0; at < key.wrapped.length; at++) {
    const changed = Uint8Array.from(key.wrapped)
    changed[at] = (changed[at] ?? 0) ^ 1
    await expect(keyEncryption.unwrap({ ...key, wrapped: changed }, key)).rejects.toMatchObject({ code: 'internal' })
    await expect(keyEncryption.unwrap({ ...key, wrapped: key.wrapped.subarray(0, at) }, key)).rejects.toMatchObject({ code: 'internal' })
  }
})

test('rewrapping changes the wrapper and not the key, once', async () => {
  const [old, next] = [newRing('old'), newRing('next')]
  const before = inMemoryDataKeys(old)
  const key = await before.make('cmp_1')
  const both = inMemoryDataKeys([...next, ...old])
  const rewrapped = await both.dataKeys.rewrap(key)
  if (!rewrapped) throw new TypeError('it was not rewrapped')
  expect(rewrapped).toMatchObject({ companyId: 'cmp_1', keyId: 1, kekId: 'next' })
  expect(await both.dataKeys.rewrap(rewrapped)).toBeUndefined()
  const after = inMemoryDataKeys(next)
  after.keep(rewrapped)
  const [one, two] = [await before.dataKeys.load([key]), await after.dataKeys.load([key])]
  expect(one(key).equals(two(key))).toBe(true)
})

test('keys stay in memory for their time and no longer, and no more than so many', async () => {
  let now = 0
  const { make, dataKeys, asked } = inMemoryDataKeys(newRing('a'), { cachedMax: 3, cachedMs: 100, clock: () => now })
  const names = await Promise.all([1, 2, 3, 4].map((keyId) => make('cmp_1', keyId)))
  const [first, second, third, fourth] = names
  if (!first || !second || !third || !fourth) throw new TypeError('four')
  expect(dataKeys.cachedCount).toBe(0)
  await dataKeys.load([first, second, third])
  await dataKeys.load([first])
  expect([asked.length, dataKeys.cachedCount]).toEqual([1, 3])
  // The second is now the one that was unused for longest.
  await dataKeys.load([fourth])
  await dataKeys.load([first, third, fourth])
  expect([asked.length, dataKeys.cachedCount]).toEqual([2, 3])
  await dataKeys.load([second])
  expect(asked.length).toBe(3)
  now = 100
  await dataKeys.load([fourth])
  // What is over went with it, asked for or not.
  expect([asked.length, dataKeys.cachedCount]).toEqual([4, 1])
})

test('no key shows itself, printed or serialized', async () => {
  const ring = newRing('a')
  const { make, dataKeys } = inMemoryDataKeys(ring)
  const name = await make('cmp_1')
  const key = (await dataKeys.load([name]))(name)
  const shown = [ring, key, dataKeys, { key }].map((value) => `${JSON.stringify(value)} ${inspect(value, { depth: 9, showHidden: true })}`)
  for (const secret of [ring[0]?.key.export(), key.export()]) {
    for (const encoding of ['hex', 'base64', 'latin1'] as const) expect(shown.join()).not.toContain(secret?.toString(encoding))
    expect(shown.join()).not.toContain([...(secret ?? [])].slice(0, 4).join(', '))
  }
})
