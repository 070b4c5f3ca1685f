import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

test('a number’s turns are spaced, and other numbers do not wait', async () => {
  const startedAt = performance.now()
  const turnOf = createTurns(50)
  const took: number[] = []
  const turn = async (id: string) => {
    await turnOf(id)
    took.push(performance.now() - startedAt)
  }
  await Promise.all([turn('a'), turn('a'), turn('a'), turn('a'), turn('a'), turn('b')])
  // Four spacings of 20 ms; timers may end a moment early.
  expect(took.at(-1)).toBeGreaterThan(75)
  expect(took[1]).toBeLessThan(75)
  const afterRest = performance.now()
  await turnOf('b')
  expect(performance.now() - afterRest).toBeLessThan(15)
})
