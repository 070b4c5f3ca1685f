import { expect, test } from 'vitest'
import { parsePartition, partitionOf, planPartitions } from './day-partitions.ts'

const now = new Date('2026-03-29T23:30:00Z')
const day = (text: string) => partitionOf(new Date(`${text}T12:00:00Z`))
const names = (partitions: readonly { name: string }[]) => partitions.map(({ name }) => name)

test('a partition is named after its UTC day and ends with it', () => {
  expect(partitionOf(now)).toEqual({ name: 'p20260329', end: new Date('2026-03-30T00:00:00Z') })
  expect(parsePartition('p20260329')).toEqual(partitionOf(now))
  expect(parsePartition('rest')).toBeUndefined()
})

test('the coming days are added after the newest one, and none twice', () => {
  const plan = planPartitions([day('2026-03-28'), day('2026-03-29'), day('2026-03-30')], { now, daysKept: 30, daysAhead: 3 })
  expect(names(plan.add)).toEqual(['p20260331', 'p20260401'])
  expect(planPartitions([...plan.add, day('2026-03-28')], { now, daysKept: 30, daysAhead: 3 }).add).toEqual([])
})

test('after a gap yesterday’s takes all of it', () => {
  expect(names(planPartitions([day('2025-01-01')], { now, daysKept: 9_999, daysAhead: 1 }).add)).toEqual([
    'p20260328',
    'p20260329',
    'p20260330',
  ])
  expect(names(planPartitions([], { now, daysKept: 9_999, daysAhead: 0 }).add)).toEqual(['p20260328', 'p20260329'])
})

test('a day is dropped when its last instant is older than what is kept, and not before', () => {
  const existing = ['2026-03-26', '2026-03-27', '2026-03-28', '2026-03-29'].map(day)
  expect(names(planPartitions(existing, { now, daysKept: 2, daysAhead: 0 }).drop)).toEqual(['p20260326'])
})
