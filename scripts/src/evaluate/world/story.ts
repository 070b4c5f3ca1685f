import type { ProviderName } from '@frontdesk/providers'
import type { Random } from '../random.ts'
import type { Company, Population, Trait } from './company.ts'
import type { Profile } from './profile.ts'

/** When the world begins: any time is as good. */
export const epochMs = Date.UTC(2026, 0, 5)

/** Which company the directory names for both the number and the agent of a call that rings; undefined unless it is one alone. */
export type Ringing = (number: string, agent: string, atMs: number) => string | undefined

/** A webhook as it arrives, and beside it what nobody who decides may see. */
export interface WorldEvent {
  readonly provider: ProviderName
  readonly connectionId: string | undefined
  /** In ms since the world began. */
  readonly receivedAt: number
  /** Written when it arrives, since the first event of a call carries what was answered to its ringing. */
  readonly body: (ringing: Ringing) => object
  readonly truth: Truth
}

export interface Truth {
  /** Who must get it; undefined for nobody's that we serve (any more). */
  readonly companyId: string | undefined
  /** Whose it is, also if that company has ended. */
  readonly owner: string | undefined
  readonly traits: readonly Trait[]
  /** The company that a caller, attendee or payer wrote down. */
  readonly callerText: string | undefined
}

/** What a story is told from. */
export interface Teller {
  readonly profile: Profile
  readonly population: Population
  readonly random: Random
  /** A number that no other thing has. */
  readonly nextId: () => number
}

/** The beginning of a story, and whose it is; undefined for a stranger. */
export interface Beginning {
  readonly at: number
  readonly company: Company | undefined
  readonly callerText: string | undefined
}

/** One thing that a story makes a provider tell. */
export interface Telling {
  readonly provider: ProviderName
  readonly connectionId?: string | undefined
  readonly at: number
  /** The longest that a provider still tries to deliver it, in ms. */
  readonly lateMs: number
  readonly body: (ringing: Ringing) => object
  /** The same body, broken. */
  readonly broken: (ringing: Ringing) => object
  readonly traits: readonly (Trait | undefined)[]
}

/** Sends it off: on time, late, or broken. */
export function tell({ profile, random }: Teller, { company, callerText }: Beginning, telling: Telling): WorldEvent {
  const isLate = random.chance(profile.delayed)
  const isBroken = random.chance(profile.drift)
  const receivedAt = telling.at + random.exponential(1_500) + (isLate ? random.between(0, telling.lateMs) : 0)
  const hasEnded = company !== undefined && company.endsAt <= receivedAt
  const traits = new Set<Trait>()
  for (const trait of telling.traits) if (trait) traits.add(trait)
  if (!company) traits.add('unknown company')
  if (hasEnded) traits.add('ended company')
  if (isLate) traits.add('late delivery')
  if (isBroken) traits.add('schema drift')
  if (callerText !== undefined && callerText !== company?.id) traits.add('forged caller text')
  return {
    provider: telling.provider,
    connectionId: telling.connectionId,
    receivedAt,
    body: isBroken ? telling.broken : telling.body,
    truth: { companyId: company && !hasEnded ? company.id : undefined, owner: company?.id, traits: [...traits], callerText },
  }
}

/** The trait of a value that the directory does not hold yet at that time, or holds for another. */
export function traitAt(
  { knownFrom, trait }: { readonly knownFrom: number; readonly trait: Trait | undefined },
  at: number,
): Trait | undefined {
  return at < knownFrom ? (trait ?? 'signal not entered (yet)') : trait
}
