import { expect, test } from 'vitest'
import { subscriptionOfAccount } from './account-subscription.ts'

const of = (id: string, status: string, day = 1) => ({ id, status, periodStart: new Date(Date.UTC(2026, 4, day)) })

test.each([
  [
    'an account without one has the newest that entitles',
    undefined,
    [of('a', 'active', 1), of('b', 'active', 2), of('c', 'canceled', 3)],
    'b',
  ],
  ['without one that entitles it has the newest', undefined, [of('a', 'canceled', 1), of('b', 'incomplete', 2)], 'b'],
  ['one that entitles stays, whatever else there is', 'a', [of('a', 'past_due', 1), of('b', 'active', 2)], 'a'],
  ['an ended one gives way to one that entitles', 'a', [of('a', 'canceled', 3), of('b', 'active', 2)], 'b'],
  ['an ended one stays where none entitles', 'a', [of('a', 'canceled', 1), of('b', 'incomplete', 2)], 'a'],
  ['one that the provider no longer knows gives way, too', 'gone', [of('b', 'trialing')], 'b'],
  ['and stays where there is no other', 'gone', [], 'gone'],
  ['there may be none', undefined, [], undefined],
])('%s', (_, current, candidates, chosen) => {
  expect(subscriptionOfAccount(current, candidates)).toBe(chosen)
  expect(subscriptionOfAccount(current, candidates.toReversed())).toBe(chosen)
})
