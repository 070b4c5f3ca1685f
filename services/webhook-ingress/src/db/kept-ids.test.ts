import { deriveEventId } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { createKeptIds } from './kept-ids.ts'

test('so many ids are remembered, the oldest leaving first', () => {
  const [first, second, third] = ['1', '2', '3'].map((part) => deriveEventId([part])) as [never, never, never]
  const ids = createKeptIds(2)
  for (const id of [first, second, first, third]) ids.add(id)
  expect([first, second, third].map((id) => ids.has(id))).toEqual([false, true, true])
})
