import { expect, test } from 'vitest'
import { createNextTurn } from './next-turn.ts'

test('all who ask in one turn of the event loop go on together in the next one, behind whatever this one still does', async () => {
  const nextTurn = createNextTurn()
  const order: string[] = []
  const ask = async (name: string) => {
    await nextTurn()
    order.push(name)
  }
  const both = [ask('first'), ask('second')]
  await Promise.resolve()
  process.nextTick(() => order.push('this turn'))
  await Promise.all(both)
  expect(order).toEqual(['this turn', 'first', 'second'])
})

test('each turn has its own', async () => {
  const nextTurn = createNextTurn()
  const first = nextTurn()
  expect(nextTurn()).toBe(first)
  await first
  const second = nextTurn()
  expect(second).not.toBe(first)
  await second
})
