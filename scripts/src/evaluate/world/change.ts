import type { SignalKind } from '../resolver.ts'
import type { Random } from '../random.ts'
import { type Company, dayMs, enter, type Entry, type Population, type Use } from './company.ts'
import type { Change, Profile } from './profile.ts'

/** When the directory learns of what happened at that time. */
export function learnedAt(at: number, { late, lateDays }: Change, random: Random): number {
  return random.chance(late) ? at + random.exponential(lateDays * dayMs) : at
}

/** Companies that have calls answered by somebody who does so for several. */
export function addAnswering(population: Population, profile: Profile, random: Random): void {
  const { share, size, oneAgent } = profile.callCentres
  // From the last backwards, so that agencies and answering services have hardly a company in common.
  let next = population.companies.length
  while (next > population.companies.length * (1 - share)) {
    const members = population.companies.slice(next - random.whole(...size), next)
    next -= members.length
    const agent = random.chance(oneAgent) ? `agent_${population.nextValue++}` : undefined
    const centre = { number: `+4940${10_000_000 + population.nextValue++}`, agent }
    for (const company of members) {
      company.centre = centre
      enter(population, company, 'phone_number', centre.number)
      if (agent) enter(population, company, 'voice_agent', agent)
    }
  }
}

/** Ports and recycles numbers, and moves agents. */
export function addMoves(population: Population, profile: Profile, random: Random): void {
  const { companies, strangers, lifeMs } = population
  for (const company of companies) {
    for (const use of company.numbers.filter(isOriginal)) {
      if (random.chance(profile.ported.share)) {
        const entry = endUse(population, 'phone_number', use, profile.ported, random)
        give(population, 'phone_number', random.pick(companies), { ...use, ...entry, until: Infinity, trait: 'ported number' })
      } else if (random.chance(profile.recycled.share)) {
        const entry = endUse(population, 'phone_number', use, profile.recycled, random)
        strangers.numbers.push({ ...use, ...entry, until: lifeMs, trait: 'recycled number' })
      }
    }
    for (const use of company.agents.filter(isOriginal)) {
      if (!random.chance(profile.moved.share)) continue
      const entry = endUse(population, 'voice_agent', use, profile.moved, random)
      give(population, 'voice_agent', random.pick(companies), { ...use, ...entry, until: Infinity, trait: 'moved agent' })
    }
    replaceEnded(population, 'phone_number', company, company.numbers, `+4930${10_000_000 + population.nextValue++}`)
    replaceEnded(population, 'voice_agent', company, company.agents, `agent_${population.nextValue++}`)
  }
}

function isOriginal({ from }: Use): boolean {
  return from === -Infinity
}

/** Ends the use at some time, and in the directory when it learns of that; returns what the next use begins with. */
function endUse(population: Population, kind: SignalKind, use: Use, change: Change, random: Random): Entry {
  const from = random.between(0, population.lifeMs)
  const knownFrom = learnedAt(from, change, random)
  use.until = from
  for (const entry of population.entries) {
    if (entry.kind !== kind || entry.value !== use.value) continue
    entry.validUntil = from
    entry.endKnownFrom = knownFrom
  }
  return { from, knownFrom }
}

function give(population: Population, kind: SignalKind, company: Company, use: Use): void {
  const uses = kind === 'phone_number' ? company.numbers : company.agents
  uses.push(use)
  enter(population, company, kind, use.value, use)
}

/** Nobody is left without a number or an agent. */
function replaceEnded(population: Population, kind: SignalKind, company: Company, uses: readonly Use[], value: string): void {
  const ends = uses.map(({ until }) => until).filter(Number.isFinite)
  if (ends.length === 0 || uses.some((use) => isOriginal(use) && use.until === Infinity)) return
  const from = Math.min(...ends)
  give(population, kind, company, { value, from, until: Infinity, knownFrom: from, trait: undefined })
}
