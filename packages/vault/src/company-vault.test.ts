import { isFrontdeskError } from '@frontdesk/errors'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { inMemoryDataKeys, newRing } from '../test/in-memory.ts'
import { createCompanyVault } from './company-vault.ts'
import { createVault, type Place } from './vault.ts'

const ring = newRing('kek')
const keys = inMemoryDataKeys(ring)
const vault = createCompanyVault({ dataKeys: keys.dataKeys, legacy: createVault({ keys: ring }) })
const companies = ['cmp_a', 'cmp_b', 'cmp_ab', '']
const sealers = await Promise.all(
  companies.map(async (companyId) => {
    const made = await Promise.all([1, 2].map((keyId) => keys.make(companyId, keyId)))
    return Promise.all(made.map((key) => vault.sealerBy(key)))
  }),
)

interface Where extends Place {
  readonly companyId: string
  readonly keyId: number
}

/** Short names of two letters, so that what differs is often only how they are divided. */
const name = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 })
const where: fc.Arbitrary<Where> = fc.record({
  companyId: fc.constantFrom(...companies),
  keyId: fc.constantFrom(1, 2),
  table: name,
  column: name,
  row: name,
})

function seal(text: string, { companyId, keyId, ...place }: Where): Uint8Array {
  const sealed = sealers[companies.indexOf(companyId)]?.[keyId - 1]?.seal(text, place)
  if (!sealed) throw new TypeError('no such sealer')
  return sealed
}

async function open(sealed: Uint8Array, { companyId, ...place }: Where): Promise<string> {
  const value = { companyId, sealed }
  return (await vault.openerOf([value])).open(value, place)
}

/** The refusal is ours, and says nothing of the text. */
async function isRefused(opening: Promise<string>, text: string): Promise<boolean> {
  const outcome = await opening.then(
    () => undefined,
    (error: unknown) => error,
  )
  return isFrontdeskError(outcome, 'internal') && (text.length < 8 || !`${outcome.stack}`.includes(text))
}

test('what was sealed opens in its place, and two seals of one text have nothing in common but their header', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), where, async (text, at) => {
      const [one, two] = [seal(text, at), seal(text, at)]
      expect(await open(one, at)).toBe(text)
      expect(one.subarray(0, 5)).toEqual(two.subarray(0, 5))
      expect(Buffer.from(one.subarray(5, 33)).equals(two.subarray(5, 33))).toBe(false)
    }),
  )
})

test('of generated pairs of places, none opens what was sealed for the other: another row, column, table, company or key', async () => {
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.string(), where, where, async (text, from, to) => {
      fc.pre(from.companyId !== to.companyId || from.table !== to.table || from.column !== to.column || from.row !== to.row)
      expect(await isRefused(open(seal(text, from), to), text)).toBe(true)
      refused++
    }),
    { numRuns: 3_000 },
  )
  expect(refused).toBe(3_000)
})

test('one change of place alone is refused, each of the four', async () => {
  await fc.assert(
    fc.asyncProperty(where, where, fc.constantFrom('companyId', 'table', 'column', 'row'), async (from, other, changed) => {
      fc.pre(from[changed as 'row'] !== other[changed as 'row'])
      expect(
        await isRefused(open(seal('a text of a secret', from), { ...from, [changed]: other[changed as 'row'] }), 'a text of a secret'),
      ).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('even under one and the same key, another company’s value does not open', async () => {
  const key = await keys.dataKeys.unwrap(await keys.make('cmp_a', 1))
  const oneKey = { ...keys.dataKeys, unwrap: () => Promise.resolve(key), load: () => Promise.resolve(() => key) }
  const shared = createCompanyVault({ dataKeys: oneKey })
  const place = { table: 't', column: 'c', row: 'r' }
  const sealer = await shared.sealerBy({ companyId: 'cmp_a', keyId: 1, kekId: 'kek', wrapped: new Uint8Array() })
  const sealed = sealer.seal('secret', place)
  const opener = await shared.openerOf([])
  expect(opener.open({ companyId: 'cmp_a', sealed }, place)).toBe('secret')
  expect(() => opener.open({ companyId: 'cmp_b', sealed }, place)).toThrow('does not belong to t.c of cmp_b')
})

test('a header that names another key of the company is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), where, fc.integer({ min: 0, max: 4 }), async (text, at, keyId) => {
      fc.pre(keyId !== at.keyId)
      const forged = Buffer.from(seal(text, at))
      forged.writeUInt32BE(keyId, 1)
      expect(await isRefused(open(forged, at), text)).toBe(true)
    }),
  )
})

test('no bit can be changed, no byte taken away or added, at any length of tag or text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ maxLength: 40 }), where, fc.nat(), fc.nat(7), async (text, at, position, bit) => {
      const sealed = Buffer.from(seal(text, at))
      const changed = Buffer.from(sealed)
      const index = position % sealed.length
      changed[index] = (changed[index] ?? 0) ^ (1 << bit)
      expect(await isRefused(open(changed, at), text)).toBe(true)
      expect(await isRefused(open(sealed.subarray(0, index), at), text)).toBe(true)
      expect(await isRefused(open(Buffer.concat([sealed, Buffer.from([bit])]), at), text)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('a shortened tag is refused: of each length, with the rest of the value in its place', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), where, fc.integer({ min: 0, max: 15 }), async (text, at, tagBytes) => {
      const sealed = Buffer.from(seal(text, at))
      const shortened = Buffer.concat([sealed.subarray(0, 17 + tagBytes), sealed.subarray(33)])
      expect(await isRefused(open(shortened, at), text)).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})

test('what the key ring itself sealed before there were data keys opens, by its old place alone', async () => {
  const old = createVault({ keys: ring })
  const at: Where = { companyId: 'cmp_a', keyId: 1, table: 'connections', column: 'current_secret', row: 'con_1' }
  const sealed = old.seal('from before', { table: at.table, column: at.column, row: 'cmp_a/con_1' })
  expect(await open(sealed, at)).toBe('from before')
  expect(await isRefused(open(sealed, { ...at, companyId: 'cmp_b' }), 'from before')).toBe(true)
  const without = createCompanyVault({ dataKeys: keys.dataKeys })
  const value = { companyId: 'cmp_a', sealed }
  const opener = await without.openerOf([value])
  expect(() => opener.open(value, at)).toThrow('not of version 2')
})

test('a key that is lost costs its own values alone, and many values are one question', async () => {
  const own = inMemoryDataKeys(ring)
  const others = createCompanyVault({ dataKeys: own.dataKeys })
  const place = { table: 't', column: 'c', row: 'r' }
  const values = await Promise.all(
    ['cmp_1', 'cmp_2', 'cmp_3'].map(async (companyId) => {
      const key = await inMemoryDataKeys(ring).make(companyId)
      const sealer = await others.sealerBy(key)
      return { key, value: { companyId, sealed: sealer.seal(`of ${companyId}`, place) } }
    }),
  )
  // Unwrapped to seal, they are in memory; a process that starts has to ask.
  const fresh = inMemoryDataKeys(ring)
  const reader = createCompanyVault({ dataKeys: fresh.dataKeys })
  const [first, second, third] = values
  if (!first || !second || !third) throw new TypeError('three')
  fresh.keep(first.key)
  fresh.keep({ ...second.key, kekId: 'gone' })
  const opener = await reader.openerOf(values.map(({ value }) => value))
  expect(opener.open(first.value, place)).toBe('of cmp_1')
  expect(() => opener.open(second.value, place)).toThrow('the key ring has no gone')
  expect(() => opener.open(third.value, place)).toThrow('there is no data key 1 of cmp_3')
  expect(fresh.asked).toHaveLength(1)
  expect(fresh.asked[0]).toHaveLength(3)
  const [one, two] = [await reader.openerBy([first.key, { ...second.key, kekId: 'gone' }]), await reader.openerBy([])]
  expect(one.open(first.value, place)).toBe('of cmp_1')
  expect(() => one.open(second.value, place)).toThrow('the key ring has no gone')
  expect(() => two.open(first.value, place)).toThrow('there is no data key')
})

test('a sealer knows its own seals', async () => {
  const at: Where = { companyId: 'cmp_a', keyId: 1, table: 't', column: 'c', row: 'r' }
  const [first, second] = sealers[0] ?? []
  expect([first?.head, second?.head]).toEqual([Buffer.from([2, 0, 0, 0, 1]), Buffer.from([2, 0, 0, 0, 2])])
  expect([first?.isCurrent(seal('x', at)), second?.isCurrent(seal('x', at))]).toEqual([true, false])
  expect(second?.isCurrent(Buffer.from('lost'))).toBe(false)
})
