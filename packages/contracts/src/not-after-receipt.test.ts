import { expect, test } from 'vitest'
import { notAfterReceipt } from './not-after-receipt.ts'

const received = new Date('2026-11-25T10:00:00Z')
const minutesLater = (minutes: number) => new Date(received.getTime() + minutes * 60_000)

test('nothing happens more than five minutes after it was received', () => {
  expect(notAfterReceipt(minutesLater(-30), received)).toEqual(minutesLater(-30))
  expect(notAfterReceipt(minutesLater(5), received)).toEqual(minutesLater(5))
  expect(notAfterReceipt(minutesLater(5.001), received)).toEqual(received)
})

test('what is missing is taken from the other', () => {
  expect(notAfterReceipt(undefined, received)).toEqual(received)
  expect(notAfterReceipt(minutesLater(60), undefined)).toEqual(minutesLater(60))
  expect(notAfterReceipt(undefined, undefined)).toBeUndefined()
})
