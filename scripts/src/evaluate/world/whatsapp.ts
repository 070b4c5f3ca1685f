import { dayMs, inUse, type Trait } from './company.ts'
import { type Beginning, epochMs, type Teller, tell, traitAt, type WorldEvent } from './story.ts'

const retriesMs = 2 * dayMs

interface Line {
  readonly account: string
  readonly number: string
  readonly traits: readonly (Trait | undefined)[]
}

/** A guest's message and what became of our answer; or a change of the account that names no number. */
export function tellConversation(teller: Teller, beginning: Beginning): WorldEvent[] {
  const { profile, random, nextId } = teller
  const { at, callerText } = beginning
  const line = lineOf(teller, beginning)
  if (!line) return []
  const send = (after: number, field: string, value: (at: number) => object, broken: object): WorldEvent => {
    const envelope = (content: object) => ({
      object: 'whatsapp_business_account',
      entry: [{ id: line.account, time: Math.floor((epochMs + at + after) / 1_000), changes: [{ field, value: content }] }],
    })
    return tell(teller, beginning, {
      provider: 'whatsapp',
      at: at + after,
      lateMs: retriesMs,
      body: () => envelope(value(at + after)),
      broken: () => envelope({ ...value(at + after), ...broken }),
      traits: line.traits,
    })
  }
  if (random.chance(profile.whatsapp.accountOnly)) {
    const template = {
      event: 'APPROVED',
      message_template_id: nextId(),
      message_template_name: 'reminder',
      message_template_language: 'de',
      reason: null,
    }
    return [send(0, 'message_template_status_update', () => template, { message_template_id: {} })]
  }
  const metadata = { display_phone_number: '15550783881', phone_number_id: line.number }
  const seconds = (ms: number) => String(Math.floor((epochMs + ms) / 1_000))
  const text = callerText === undefined ? 'Is there a slot tomorrow?' : `For ${callerText}: is there a slot tomorrow?`
  const incoming = { id: `wamid.${nextId()}`, from: '4930999999', type: 'text', text: { body: text } }
  const outgoing = `wamid.${nextId()}`
  const messages = (ms: number) => ({ messaging_product: 'whatsapp', metadata, messages: [{ ...incoming, timestamp: seconds(ms) }] })
  const statuses = (status: string) => (ms: number) => ({
    messaging_product: 'whatsapp',
    metadata,
    statuses: [{ id: outgoing, status, timestamp: seconds(ms), recipient_id: '4930999999' }],
  })
  return [
    send(0, 'messages', messages, { messages: [{ ...incoming, timestamp: 'now' }] }),
    send(5_000, 'messages', statuses('sent'), { statuses: [{ id: outgoing, status: 7, timestamp: 'now' }] }),
    send(7_000, 'messages', statuses('delivered'), { statuses: [{ id: outgoing, status: 7, timestamp: 'now' }] }),
    ...(random.chance(0.7)
      ? [send(60_000, 'messages', statuses('read'), { statuses: [{ id: outgoing, status: 7, timestamp: 'now' }] })]
      : []),
  ]
}

function lineOf({ population, random, nextId }: Teller, { at, company }: Beginning): Line | undefined {
  if (!company) {
    // Half of them are another customer of an agency that we know; the others have accounts that we do not.
    const { agencyAccounts } = population.strangers
    const account = agencyAccounts.length > 0 && random.chance(0.5) ? random.pick(agencyAccounts) : String(8_000_000_000 + nextId())
    return { account, number: String(9_000_000_000 + nextId()), traits: [] }
  }
  if (!company.whatsapp) return undefined
  const { account, numbers, accountKnownFrom, accountTrait } = company.whatsapp
  const number = random.pick(inUse(numbers, at))
  return { account, number: number.value, traits: [traitAt(number, at), traitAt({ knownFrom: accountKnownFrom, trait: accountTrait }, at)] }
}
