import type { Random } from '../random.ts'
import { addAnswering, addMoves, learnedAt } from './change.ts'
import { type Company, dayMs, type Entry, enter, enterTyped, type Population, type Use } from './company.ts'
import type { Profile } from './profile.ts'

/** The companies with what is theirs and when, and what the directory was told of it and when. */
export function createPopulation(profile: Profile, random: Random): Population {
  const companies = Array.from({ length: profile.companies }, (_, index) => newCompany(index, profile, random))
  const population: Population = {
    companies,
    entries: [],
    strangers: { numbers: [], agencyAccounts: [] },
    nextValue: 1,
    lifeMs: profile.days * dayMs,
  }
  for (const company of companies) {
    enter(population, company, 'metadata', company.id)
    for (let count = random.whole(1, 3); count > 0; count -= 1) addNumber(population, company, profile, random)
    for (let count = random.whole(1, 2); count > 0; count -= 1) addAgent(population, company, profile, random)
    addStripe(population, company, profile, random)
    addCalendar(population, company, profile, random)
    if (random.chance(profile.retell.ownConnection)) {
      company.retellConnection = `con_r${company.index}`
      enter(population, company, 'connection', company.retellConnection)
    }
  }
  addAgencies(population, profile, random)
  addAnswering(population, profile, random)
  addMoves(population, profile, random)
  for (const company of companies) {
    if (random.chance(profile.added.share)) addLater(population, company, profile, random)
    const shared = company.calendar
    if (random.chance(profile.calcom.sharedHost)) shareHost(population, company, random)
    if (random.chance(profile.calcom.pastedElsewhere)) shared.connectionUsed = random.pick(companies).calendar.connection
  }
  return population
}

function newCompany(index: number, profile: Profile, random: Random): Company {
  return {
    index,
    id: `cmp_${String(index + 1).padStart(5, '0')}`,
    traffic: Math.exp(profile.inequality * random.normal()),
    endsAt: random.chance(profile.ended) ? random.between(0, profile.days * dayMs) : Infinity,
    numbers: [],
    agents: [],
    rings: random.chance(profile.metadata.ringing),
    retellConnection: undefined,
    centre: undefined,
    whatsapp: undefined,
    stripe: { customer: '', account: undefined, sharesAccount: false },
    calendar: { connection: '', connectionUsed: '', hosts: [], eventTypes: [], organization: undefined, team: undefined },
  }
}

function addNumber(population: Population, company: Company, profile: Profile, random: Random, entry?: Entry): void {
  const value = `+4930${10_000_000 + population.nextValue++}`
  company.numbers.push(enterTyped({ population, company, profile, random }, 'phone_number', value, entry))
}

function addAgent(population: Population, company: Company, profile: Profile, random: Random, entry?: Entry): void {
  const agent = enterTyped({ population, company, profile, random }, 'voice_agent', `agent_${population.nextValue++}`, entry)
  const wrong = !profile.metadata.byAgency && random.chance(profile.metadata.wrongTemplate)
  company.agents.push({ ...agent, writes: wrong ? random.pick(population.companies).id : undefined })
}

function addStripe(population: Population, company: Company, profile: Profile, random: Random): void {
  const { stripe } = company
  stripe.customer = `cus_${population.nextValue++}`
  enter(population, company, 'stripe_customer', stripe.customer)
  if (!random.chance(profile.stripe.connected)) return
  const sibling = population.companies[company.index - 1]?.stripe
  stripe.sharesAccount = sibling?.account !== undefined && random.chance(profile.stripe.siblings)
  if (sibling && stripe.sharesAccount) sibling.sharesAccount = true
  stripe.account = (stripe.sharesAccount && sibling?.account) || `acct_${population.nextValue++}`
  enter(population, company, 'stripe_account', stripe.account)
}

function addCalendar(population: Population, company: Company, profile: Profile, random: Random): void {
  const { calendar } = company
  const selfHosted = random.chance(profile.calcom.selfHosted)
  let own = 0
  const nextId = () => String(selfHosted ? ++own : 100_000 + population.nextValue++)
  calendar.connection = `con_${company.index}`
  calendar.connectionUsed = calendar.connection
  enter(population, company, 'connection', calendar.connection)
  for (let count = random.whole(1, 3); count > 0; count -= 1) {
    const host = { email: `host${population.nextValue++}@example.test`, id: nextId() }
    calendar.hosts.push(host)
    enter(population, company, 'organizer_email', host.email)
    enter(population, company, 'organizer_id', host.id)
  }
  for (let count = random.whole(1, 4); count > 0; count -= 1) calendar.eventTypes.push(nextId())
  for (const eventType of calendar.eventTypes) enter(population, company, 'event_type', eventType)
  if (random.chance(0.3)) enter(population, company, 'organization', (calendar.organization = nextId()))
  if (random.chance(0.3)) enter(population, company, 'team', (calendar.team = nextId()))
}

/** A host who works for two companies has one address. */
function shareHost(population: Population, company: Company, random: Random): void {
  const host = random.pick(random.pick(population.companies).calendar.hosts)
  company.calendar.hosts.push(host)
  enter(population, company, 'organizer_email', host.email)
}

function addAgencies(population: Population, profile: Profile, random: Random): void {
  const { companies } = population
  let next = 0
  const account = () => String(1_000_000_000 + population.nextValue++)
  while (next < companies.length * profile.agencies.share) {
    const members = companies.slice(next, next + random.whole(...profile.agencies.size))
    next += members.length
    const shared = account()
    for (const company of members) {
      // The more of its customers are ours, the more it has of others.
      population.strangers.agencyAccounts.push(shared)
      addWhatsapp(population, company, shared, profile, random)
    }
    if (profile.metadata.byAgency && random.chance(profile.metadata.wrongTemplate)) copyTemplate(members, random)
  }
  for (const company of companies.slice(next)) addWhatsapp(population, company, account(), profile, random)
}

/** An agency set up one agent and copied it, with the company that was written into it. */
function copyTemplate(members: readonly Company[], random: Random): void {
  const { id } = random.pick(members)
  for (const company of members) company.agents = company.agents.map((agent): Use => ({ ...agent, writes: id }))
}

function addWhatsapp(population: Population, company: Company, account: string, profile: Profile, random: Random): void {
  if (!random.chance(profile.whatsapp.share)) return
  const { knownFrom, trait } = enterTyped({ population, company, profile, random }, 'whatsapp_account', account)
  company.whatsapp = { account, numbers: [], accountKnownFrom: knownFrom, accountTrait: trait }
  for (let count = random.whole(1, 2); count > 0; count -= 1) addWhatsappNumber(population, company, profile, random)
}

function addWhatsappNumber(population: Population, company: Company, profile: Profile, random: Random, entry?: Entry): void {
  const value = String(5_000_000_000 + population.nextValue++)
  company.whatsapp?.numbers.push(enterTyped({ population, company, profile, random }, 'whatsapp_phone_number', value, entry))
}

function addLater(population: Population, company: Company, profile: Profile, random: Random): void {
  const from = random.between(0, population.lifeMs)
  const entry = { from, knownFrom: learnedAt(from, profile.added, random) }
  random.pick([addNumber, addAgent, addWhatsappNumber])(population, company, profile, random, entry)
}
