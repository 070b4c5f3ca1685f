import { type Company, inUse, type Trait, type Use } from './company.ts'
import { type Beginning, epochMs, type Ringing, type Teller, tell, traitAt, type WorldEvent } from './story.ts'

const secondMs = 1_000
const retriesMs = 2.5 * 60 * 60 * secondMs

/** Who answers a call, at which number. */
interface Line {
  readonly number: string | undefined
  readonly agent: string
  readonly writes: string | undefined
  readonly traits: readonly (Trait | undefined)[]
}

/** A call or a chat: its beginning, its end, its analysis. */
export function tellCall(teller: Teller, beginning: Beginning): WorldEvent[] {
  const { profile, random } = teller
  const { at, company } = beginning
  const [isChat, isWeb, isOutbound] = [profile.retell.chats, profile.retell.webCalls, profile.retell.outbound].map((share) =>
    random.chance(share),
  )
  const line = company ? lineOf(teller, company, at) : strangersLine(teller, at)
  const spokenMs = random.exponential(120) * secondMs
  const id = `${isChat ? 'chat' : 'call'}_${teller.nextId()}`
  const hasNumber = line.number !== undefined && !isChat && !isWeb
  const written = metadataOf(teller, beginning, { ...line, number: hasNumber ? line.number : undefined }, Boolean(isOutbound))
  const subject = (ended: boolean, ringing: Ringing) => ({
    [isChat ? 'chat_id' : 'call_id']: id,
    agent_id: line.agent,
    start_timestamp: epochMs + Math.floor(at),
    ...(hasNumber &&
      (isOutbound
        ? { direction: 'outbound', from_number: line.number, to_number: '+493099999999' }
        : { direction: 'inbound', to_number: line.number, from_number: '+493099999999' })),
    ...(isWeb && { call_type: 'web_call' }),
    ...(ended && { end_timestamp: epochMs + Math.floor(at + spokenMs), disconnection_reason: 'user_hangup' }),
    ...written(ringing),
    ...(beginning.callerText !== undefined && { retell_llm_dynamic_variables: { company_id: beginning.callerText, customer_name: 'Ada' } }),
  })
  const noun = isChat ? 'chat' : 'call'
  const wrongMetadata = line.writes !== undefined && line.writes !== company?.id
  const event = (verb: string, after: number, more: object, bareShare: number): WorldEvent => {
    const isBare = random.chance(bareShare)
    const json = (ringing: Ringing): Record<string, unknown> =>
      isBare
        ? { [`${noun}_id`]: id, start_timestamp: epochMs + Math.floor(at), ...more }
        : { ...subject(verb !== 'started', ringing), ...more }
    return tell(teller, beginning, {
      provider: 'retell',
      connectionId: company?.retellConnection,
      at: at + after,
      lateMs: retriesMs,
      body: (ringing) => ({ event: `${noun}_${verb}`, [noun]: json(ringing) }),
      // A chat is kept unread, so that only its envelope can fail to fit.
      broken: (ringing) =>
        isChat ? { event: '', [noun]: json(ringing) } : { event: `${noun}_${verb}`, [noun]: { ...json(ringing), call_type: 7 } },
      traits: [...line.traits, wrongMetadata ? 'wrong metadata' : undefined],
    })
  }
  return [
    event('started', 0, {}, 0),
    event('ended', spokenMs, {}, profile.retell.bare),
    event(
      'analyzed',
      spokenMs + 20 * secondMs,
      { call_analysis: { call_summary: 'A haircut.', call_successful: true } },
      profile.retell.bare,
    ),
  ]
}

function lineOf({ profile, random }: Teller, company: Company, at: number): Line {
  const agent = random.pick(inUse(company.agents, at))
  const { centre } = company
  if (centre && random.chance(profile.callCentres.calls)) {
    const own = { agent: agent.value, writes: agent.writes, traits: ['shared number', traitAt(agent, at)] as const }
    return centre.agent === undefined
      ? { number: centre.number, ...own }
      : { number: centre.number, agent: centre.agent, writes: undefined, traits: ['shared number'] }
  }
  const number = random.pick(inUse(company.numbers, at))
  return { number: number.value, agent: agent.value, writes: agent.writes, traits: [traitAt(number, at), traitAt(agent, at)] }
}

/** Somebody who tries our platform's account out, on a new number or on one that was a company's. */
function strangersLine({ profile, population, random, nextId }: Teller, at: number): Line {
  const recycled = inUse(population.strangers.numbers, at)
  const use: Use | undefined = recycled.length > 0 && random.chance(0.03) ? random.pick(recycled) : undefined
  const writes = random.chance(profile.metadata.wrongTemplate)
    ? random.pick(population.companies).id
    : random.chance(0.1)
      ? 'acme-42'
      : undefined
  return { number: use?.value ?? `+4989${10_000_000 + nextId()}`, agent: `agent_x${nextId()}`, writes, traits: [use?.trait] }
}

/** What stands in a call's metadata: its template's own, ours if we made or answered the call, else nothing. */
function metadataOf({ random }: Teller, { at, company }: Beginning, line: Line, isOutbound: boolean): (ringing: Ringing) => object {
  const written = (companyId: string | undefined) => (companyId === undefined ? {} : { metadata: { company_id: companyId } })
  if (line.writes !== undefined) return () => written(line.writes)
  if (!company?.rings) return () => ({})
  const { number, agent } = line
  // We place outbound calls, and our own page starts half of the web calls.
  if (isOutbound || number === undefined) return isOutbound || random.chance(0.5) ? () => written(company.id) : () => ({})
  let answer: object | undefined
  return (ringing) => (answer ??= written(ringing(number, agent, at)))
}
