import type { ProviderName } from '@frontdesk/providers'
import { createRandom } from '../random.ts'
import { tellBooking } from './calcom.ts'
import type { Company, Registration } from './company.ts'
import { createPopulation } from './population.ts'
import type { Profile } from './profile.ts'
import { tellCall } from './retell.ts'
import type { Beginning, Teller, WorldEvent } from './story.ts'
import { tellMoney } from './stripe.ts'
import { tellConversation } from './whatsapp.ts'

/** All that happens in a world, and what its directory was told. */
export interface World {
  readonly registrations: readonly Registration[]
  /** When companies ended, in ms since the world began. */
  readonly ends: ReadonlyMap<string, number>
  /** In the order in which they arrive: first those that a model may be fitted on. */
  readonly past: readonly WorldEvent[]
  readonly present: readonly WorldEvent[]
}

const tellers: Readonly<Record<Exclude<ProviderName, 'standard'>, (teller: Teller, beginning: Beginning) => WorldEvent[]>> = {
  retell: tellCall,
  whatsapp: tellConversation,
  calcom: tellBooking,
  stripe: tellMoney,
}

/** The same world for the same seed. */
export function createWorld(profile: Profile, seed: number): World {
  const random = createRandom(seed)
  const population = createPopulation(profile, random)
  let ids = 0
  const teller: Teller = { profile, population, random, nextId: () => ++ids }
  const customers = byTraffic(population.companies)
  const shares = Object.entries(profile.stories) as [keyof typeof tellers, number][]

  const events: WorldEvent[] = []
  while (events.length < 2 * profile.events) {
    const company = random.chance(profile.unknownShare) ? undefined : customers(random.between(0, 1))
    const text = random.between(0, 1)
    const { forged, honest } = profile.callerText
    const callerText = text < forged ? random.pick(population.companies).id : text < forged + honest ? company?.id : undefined
    events.push(...tellers[random.draw(shares)](teller, { at: random.between(0, population.lifeMs), company, callerText }))
  }
  events.sort((a, b) => a.receivedAt - b.receivedAt)
  return {
    registrations: population.entries,
    ends: new Map(population.companies.flatMap(({ id, endsAt }) => (endsAt === Infinity ? [] : [[id, endsAt] as const]))),
    past: events.slice(0, profile.events),
    present: events.slice(profile.events, 2 * profile.events),
  }
}

/** A company for each number from 0 to 1, the likelier the more traffic it has. */
function byTraffic(companies: readonly Company[]): (share: number) => Company | undefined {
  let total = 0
  const upTo = companies.map(({ traffic }) => (total += traffic))
  return (share) => {
    let [low, high] = [0, companies.length - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((upTo[middle] ?? 0) < share * total) low = middle + 1
      else high = middle
    }
    return companies[low]
  }
}
