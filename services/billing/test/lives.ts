import type { CompanyEvent } from '@frontdesk/outbox/testing'
import fc from 'fast-check'

/** What happens to a subscription: what its state does not allow does not happen. */
const step = fc.oneof(
  fc.record({
    do: fc.constant('renew' as const),
    outcome: fc.constantFrom('collect' as const, 'paid' as const, 'failed' as const, 'draft' as const),
  }),
  fc.record({
    do: fc.constant('invoice' as const),
    action: fc.constantFrom('pay' as const, 'fail' as const, 'void' as const, 'finalize' as const),
  }),
  fc.record({ do: fc.constant('end' as const), cancelAtPeriodEnd: fc.boolean() }),
  fc.record({ do: fc.constant('pause' as const) }),
  fc.record({ do: fc.constant('resume' as const) }),
  fc.record({ do: fc.constant('use' as const), seconds: fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 5 }) }),
)
const ending = fc.constantFrom('cancel' as const, 'come back' as const, 'none' as const, 'none' as const, 'none' as const)
export const life = fc.record({ steps: fc.array(step, { minLength: 2, maxLength: 10 }), ending })
export type Step = typeof step extends fc.Arbitrary<infer One> ? One : never

/** Works on the items in so many lanes. */
export async function inParallel<Item>(
  items: readonly Item[],
  lanes: number,
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()]
  const lane = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0])
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Holds events back, and lets them out in another order, some twice, while their causes go on. */
export function createShuffler(random: () => number, publish: (...events: CompanyEvent[]) => Promise<void>) {
  const waiting: CompanyEvent[] = []
  const told: CompanyEvent[] = []
  const pick = (from: CompanyEvent[]) => from.splice(Math.floor(random() * from.length), 1)
  return {
    told,
    draw: random,
    hold: (...events: CompanyEvent[]) => void waiting.push(...events),
    async letOut(share: number): Promise<void> {
      const out: CompanyEvent[] = []
      for (let left = Math.ceil(waiting.length * share); left > 0; left--) out.push(...pick(waiting))
      // What was told before is told again, much later than itself.
      const again = Array.from({ length: Math.min(told.length, 10) }, () => told[Math.floor(random() * told.length)]).flatMap(
        (one) => one ?? [],
      )
      const doubled = out.filter(() => random() < 0.5)
      const all = [...out, ...again, ...doubled].toSorted(() => random() - 0.5)
      if (all.length > 0) await publish(...all)
      told.push(...out)
    },
  }
}
