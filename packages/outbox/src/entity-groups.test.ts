import { expect, test } from 'vitest'
import { groupByEntity } from './entity-groups.ts'
import { makeReceivedEvent } from './testing.ts'

const about = (entityId: string) => makeReceivedEvent({ entityId })

test('events of different entities fill groups of the size, in order', () => {
  const events = Array.from({ length: 7 }, (_, index) => about(`e${index}`))
  expect(groupByEntity(events, 3)).toEqual([events.slice(0, 3), events.slice(3, 6), events.slice(6)])
})

test('all events of one entity stay in one group and in order, even past the size', () => {
  const events = ['a', 'b', 'a', 'c', 'a', 'd'].map(about)
  const groups = groupByEntity(events, 2)
  expect(groups.map((group) => group.map((event) => event.envelope.subject))).toEqual([
    ['a', 'b', 'a', 'a'],
    ['c', 'd'],
  ])
})

test('no events make no group', () => {
  expect(groupByEntity([], 50)).toEqual([])
})
