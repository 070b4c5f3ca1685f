import { expect, test } from 'vitest'
import { isRotationDue, isRotationUnderWay, planRotation, type SigningKey, signerAt, verifyingAt } from './signing-key.ts'

const policy = { signsForMs: 100_000, leadMs: 10_000, overlapMs: 20_000 }
const at = (seconds: number) => new Date(seconds * 1_000)
const key = (kid: string, from: number, until?: number): SigningKey => ({
  kid,
  signsFrom: at(from),
  verifiesUntil: until === undefined ? undefined : at(until),
})

test('the first key signs at once, each further one after its lead, and the one before ends an overlap later', () => {
  expect(planRotation([], policy, at(0))).toMatchObject({ signsFrom: at(0) })
  expect(planRotation([key('a', 0)], policy, at(50))).toEqual({ signsFrom: at(60), othersVerifyUntil: at(80) })
})

test('ends are whole seconds, rounded up, so that a JWKS tells them exactly', () => {
  expect(planRotation([key('a', 0)], policy, at(50.2)).othersVerifyUntil).toEqual(at(81))
})

test('at every moment of a rotation one key signs, and what it signs verifies for an overlap', () => {
  const keys = [key('a', 0, 80), key('b', 60)]
  for (let second = 0; second < 200; second++) {
    const signer = signerAt(keys, at(second))
    expect(signer?.kid).toBe(second < 60 ? 'a' : 'b')
    const later = verifyingAt(keys, at(second + 19)).map(({ kid }) => kid)
    expect(later).toContain(signer?.kid)
  }
})

test('a key is due when there is none or the newest has signed long enough, and no second one while one waits', () => {
  expect(isRotationDue([], policy, at(0))).toBe(true)
  expect(isRotationDue([key('a', 0)], policy, at(99))).toBe(false)
  expect(isRotationDue([key('a', 0)], policy, at(100))).toBe(true)
  expect(isRotationDue([key('a', 0, 130), key('b', 110)], policy, at(101))).toBe(false)
  expect(isRotationUnderWay([key('a', 0, 130), key('b', 110)], at(101))).toBe(true)
  expect(isRotationUnderWay([key('a', 0, 130), key('b', 110)], at(110))).toBe(false)
})
