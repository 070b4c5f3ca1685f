import type { JsonObject, JsonValue } from '../json.ts'
import type { WhatsappNumber } from '../whatsapp/samples.ts'

/** Whose webhook a sample shall be, by what the providers know of a company; the sample's own stands where something is left out. */
export interface SampleCompany {
  readonly companyId?: string | undefined
  readonly phoneNumber?: string | undefined
  readonly agentId?: string | undefined
  readonly eventTypeId?: number | undefined
  readonly organizerEmail?: string | undefined
  readonly whatsapp?: WhatsappNumber | undefined
  readonly stripeCustomerId?: string | undefined
}

/** When a sample shall have happened, and what makes its ids unlike any other's. */
export interface SampleMoment {
  readonly happenedAt: Date
  /** 16 hex digits or so. */
  readonly nonce: string
}

/** What a provider asks, and waits for the answer. */
export interface SampleQuestion {
  readonly path: string
  body(company: SampleCompany, moment: SampleMoment): JsonObject
}

/** One provider's webhooks, as if they happened now. */
export interface LiveSamples {
  /** Whether one secret signs for all companies, or each connection's own. */
  readonly secret: 'platform' | 'connection'
  /** The events it has samples of, by the provider's names; any other name gives one of an event that is not modelled. */
  readonly events: readonly string[]
  /** What it asks in the middle of something, by name: signed alike, each at its own path, and no event. */
  readonly questions?: ReadonlyMap<string, SampleQuestion>
  body(event: string, company: SampleCompany, moment: SampleMoment): JsonObject
  /** The headers that prove a body. */
  sign(body: Buffer, secret: string, options: { readonly now: Date; readonly nonce: string }): Readonly<Record<string, string>>
}

/** The same with other values, wherever in it they stand: the function is asked for each member of each object. */
export function replaceMembers(json: JsonObject, replace: (name: string, value: JsonValue) => JsonValue): JsonObject {
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, inside(replace(name, value), replace)]))
}

function inside(value: JsonValue, replace: (name: string, value: JsonValue) => JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item) => inside(item, replace))
  return typeof value === 'object' && value !== null ? replaceMembers(value, replace) : value
}
