import type { SignalKind } from '../resolver.ts'
import type { Random } from '../random.ts'
import type { Profile } from './profile.ts'

export const dayMs = 24 * 60 * 60 * 1_000

/** What makes an event hard, or dangerous. */
export type Trait =
  | 'shared number'
  | 'ported number'
  | 'recycled number'
  | 'moved agent'
  | 'signal not entered (yet)'
  | 'signal of a wrong company'
  | 'wrong metadata'
  | 'shared account'
  | 'secret pasted elsewhere'
  | 'forged caller text'
  | 'unknown company'
  | 'ended company'
  | 'late delivery'
  | 'schema drift'

/** A value in the use of one company for a time, in ms since the world began. */
export interface Use {
  readonly value: string
  readonly from: number
  until: number
  /** When the directory learns of it; never is Infinity. */
  readonly knownFrom: number
  readonly trait: Trait | undefined
  /** Of an agent: the company id that its template writes into every call. */
  readonly writes?: string | undefined
}

/** The number that several companies have calls answered at, and the agent that answers for all of them. */
export interface AnsweringService {
  readonly number: string
  readonly agent: string | undefined
}

export interface Company {
  readonly index: number
  readonly id: string
  readonly traffic: number
  readonly endsAt: number
  readonly numbers: Use[]
  agents: Use[]
  /** Whether its calls are answered as they ring, and so carry metadata of ours. */
  readonly rings: boolean
  retellConnection: string | undefined
  centre: AnsweringService | undefined
  whatsapp:
    | { readonly account: string; readonly numbers: Use[]; readonly accountKnownFrom: number; readonly accountTrait: Trait | undefined }
    | undefined
  readonly stripe: { customer: string; account: string | undefined; sharesAccount: boolean }
  readonly calendar: {
    connection: string
    /** Whose webhook its calendar calls; another's, if the secret was pasted there. */
    connectionUsed: string
    readonly hosts: { readonly email: string; readonly id: string }[]
    readonly eventTypes: string[]
    organization: string | undefined
    team: string | undefined
  }
}

/** A signal of the directory, with when it was entered and when its end was. */
export interface Registration {
  readonly kind: SignalKind
  readonly value: string
  readonly companyId: string
  readonly validFrom: number | undefined
  readonly knownFrom: number
  validUntil: number
  endKnownFrom: number
}

export interface Population {
  readonly companies: readonly Company[]
  readonly entries: Registration[]
  readonly strangers: {
    /** Numbers that were a company's and are nobody's that we know. */
    readonly numbers: Use[]
    /** Accounts in which an agency has numbers of companies that are not ours. */
    readonly agencyAccounts: string[]
  }
  nextValue: number
  readonly lifeMs: number
}

/** Since when something is so, and since when the directory knows. */
export interface Entry {
  readonly from: number
  readonly knownFrom: number
}

/** Enters a signal that a program makes, which makes no mistakes. */
export function enter(population: Population, company: Company, kind: SignalKind, value: string, entry?: Entry): Registration {
  const registration = {
    kind,
    value,
    companyId: company.id,
    validFrom: entry?.from,
    knownFrom: entry?.knownFrom ?? -Infinity,
    validUntil: Infinity,
    endKnownFrom: Infinity,
  }
  population.entries.push(registration)
  return registration
}

interface Typing {
  readonly population: Population
  readonly company: Company
  readonly profile: Profile
  readonly random: Random
}

/** Enters a signal that a person types: it may be forgotten, or given to a wrong company. */
export function enterTyped({ population, company, profile, random }: Typing, kind: SignalKind, value: string, entry?: Entry): Use {
  const use = { value, from: entry?.from ?? -Infinity, until: Infinity, knownFrom: entry?.knownFrom ?? -Infinity, trait: undefined }
  if (random.chance(profile.neverEntered)) return { ...use, knownFrom: Infinity }
  if (random.chance(profile.wronglyEntered)) {
    enter(population, random.pick(population.companies), kind, value, entry)
    return { ...use, trait: 'signal of a wrong company' }
  }
  enter(population, company, kind, value, entry)
  return use
}

/** What of these is in use at that time. */
export function inUse(uses: readonly Use[], at: number): Use[] {
  return uses.filter(({ from, until }) => from <= at && at < until)
}
