import { type Evidence, EvidenceKind } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { z } from 'zod'
import { collectEvidence, phoneNumber } from '../evidence.ts'
import { memberOf, parseJson } from '../json.ts'
import type { Provider } from '../provider.ts'
import { fit, identifier, text } from '../schema.ts'
import { verifyRetell } from './signature.ts'

const inboundEvents = ['call_inbound', 'chat_inbound'] as const

/** What waits for our answer: a phone that rings, or the first text message of a chat. */
export type InboundEvent = (typeof inboundEvents)[number]

/** Somebody who called or wrote to a number of ours, and waits. */
export interface InboundContact {
  readonly event: InboundEvent
  /** What may name the company: our number and its agent. What the caller sent along, such as SIP headers, never is. */
  readonly evidence: readonly Evidence[]
  /** The other side's number as Retell signed it, E.164; undefined when it is withheld. */
  readonly callerNumber: string | undefined
}

/** A verified request: whoever waits, or what of it did not fit. */
export type InboundReading =
  | ({ readonly ok: true } & InboundContact)
  | { readonly ok: false; readonly event: InboundEvent; readonly violations: readonly string[] }

/** What becomes of it; with `usual`, what the number was set up for. */
export type InboundAnswer =
  | { readonly kind: 'usual' }
  | { readonly kind: 'reject' }
  | { readonly kind: 'told'; readonly variables: Readonly<Record<string, string>>; readonly metadata: Readonly<Record<string, string>> }

/** How Retell's question of a ringing phone is proved, read and answered. */
export interface InboundWebhook {
  readonly bodyLimitBytes: number
  readonly verify: Provider['verify']
  /** @throws FrontdeskError `malformed_json`, or `invalid_argument` for what is no question of this kind. */
  read(rawBody: Buffer): InboundReading
  answer(event: InboundEvent, answer: InboundAnswer): object
}

const contact = z.object({
  agent_id: identifier.nullish(),
  from_number: text(255).nullish(),
  to_number: text(255).nullish(),
})

/** Retell's inbound webhook, which it sends while the phone rings. */
export const retellInbound: InboundWebhook = {
  bodyLimitBytes: 64 * 1024,
  verify: verifyRetell,

  read(rawBody) {
    const json = parseJson(rawBody)
    const event = inboundEvents.find((name) => name === memberOf(json, 'event'))
    if (!event) {
      throw new FrontdeskError('invalid_argument', { publicMessage: `event: this path answers ${inboundEvents.join(' and ')} alone.` })
    }
    const reading = fit(contact, memberOf(json, event))
    if (!reading.ok) return { ok: false, event, violations: reading.violations }
    const { agent_id: agentId, from_number: callerNumber, to_number: ourNumber } = reading.value
    const evidence = collectEvidence([
      [EvidenceKind.PHONE_NUMBER, ourNumber],
      [EvidenceKind.VOICE_AGENT, agentId],
    ])
    return { ok: true, event, evidence, callerNumber: phoneNumber(callerNumber) }
  },

  answer(event, answer) {
    if (answer.kind === 'usual') return { [event]: {} }
    // Alone: Retell drops a rejection that has a sibling which it can't read.
    if (answer.kind === 'reject') return { [event]: { reject: true } }
    return { [event]: { dynamic_variables: answer.variables, metadata: answer.metadata } }
  },
}
