import { expect, test } from 'vitest'
import { sqlTuples } from './placeholders.ts'

test('a constant stands at the end of each row', () => {
  expect(sqlTuples(2, 2, "'done'")).toBe("(?, ?, 'done'), (?, ?, 'done')")
})
