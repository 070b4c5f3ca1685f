import { expect, test } from 'vitest'
import { freeStarts } from './free-times.ts'

const at = (time: string) => new Date(`2026-12-01T${time}:00Z`)
const span = (from: string, until: string) => ({ startsAt: at(from), endsAt: at(until) })
const minutes = (count: number) => count * 60_000

test('what is taken, past, or would end too late is not offered; one may begin as another ends', () => {
  const taken = [span('09:30', '10:00'), span('11:00', '11:10')]
  expect(freeStarts(span('08:00', '12:00'), minutes(30), taken, at('08:00'))).toEqual(['08:30', '09:00', '10:00', '10:30', '11:30'].map(at))
})

test('a longer one needs all of its time', () => {
  expect(freeStarts(span('09:00', '12:00'), minutes(90), [span('10:00', '10:30')], at('00:00'))).toEqual([at('10:30')])
})

test('no more are offered than anybody would listen to', () => {
  expect(freeStarts(span('00:00', '23:59'), minutes(5), [], at('00:00'))).toHaveLength(20)
})
