import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Chance that comes out the same for the same seed. */
export interface Random {
  chance(probability: number): boolean
  /** From `low` up to, but without, `high`. */
  between(low: number, high: number): number
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number
  /** How long until something that takes `mean` on average. */
  exponential(mean: number): number
  normal(): number
  /** @throws RangeError if there is nothing to pick. */
  pick<Item>(items: readonly Item[]): Item
  /** One of the weighted: the more weight, the likelier. @throws RangeError if there is none. */
  draw<Item>(weighted: readonly (readonly [item: Item, weight: number])[]): Item
}

/** A source of chance of its own for the seed. */
export function createRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed)
  const uniform = () => uniformFloat64(generator)
  const pick = <Item>(items: readonly Item[]): Item => {
    if (items.length === 0) throw new RangeError('there is nothing to pick from')
    return items[Math.floor(uniform() * items.length)] as Item
  }
  return {
    chance: (probability) => uniform() < probability,
    between: (low, high) => low + (high - low) * uniform(),
    whole: (low, high) => low + Math.floor(uniform() * (high - low + 1)),
    exponential: (mean) => -mean * Math.log(1 - uniform()),
    // Box and Muller's.
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    pick,
    draw(weighted) {
      let left = uniform() * weighted.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [item, weight] of weighted) if ((left -= weight) < 0) return item
      return pick(weighted)[0]
    },
  }
}
