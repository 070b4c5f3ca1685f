import { calcomDefaults } from './calcom/samples.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { retellDefaults, retellFunctionDefaults, retellInboundDefaults } from './retell/samples.ts'
import { standardDefaults } from './standard/samples.ts'
import { stripeDefaults } from './stripe/samples.ts'
import { sampleNumber, whatsappDefaults, type WhatsappNumber } from './whatsapp/samples.ts'

export { calcomSignatureHeader, signCalcom } from './calcom/signature.ts'
export type { JsonObject, JsonValue } from './json.ts'
export { retellSignatureHeader, signRetell } from './retell/signature.ts'
export { signStandard, standardHeaders } from './standard/signature.ts'
export { signStripe, stripeSignatureHeader } from './stripe/signature.ts'
export { signWhatsapp, whatsappSignatureHeader } from './whatsapp/signature.ts'
export type { WhatsappNumber } from './whatsapp/samples.ts'

/** A webhook's body, as bytes and as what they say. */
export interface SampleWebhook {
  readonly body: Buffer
  readonly json: JsonObject
}

/** What to change in a sample: objects are merged, everything else is replaced, `undefined` takes a member away. */
export interface Overrides {
  readonly [key: string]: JsonValue | Overrides | undefined
}

/** A Retell event (`call_started`, `call_ended`, `call_analyzed`, or any other name) about one inbound call. */
export function retellWebhook(event: string, overrides: Overrides = {}): SampleWebhook {
  return sample(retellDefaults(event), overrides)
}

/** What Retell asks of `/v1/retell/inbound` while a phone rings (`call_inbound`), or before it answers a text (`chat_inbound`). */
export function retellInboundWebhook(event: 'call_inbound' | 'chat_inbound', overrides: Overrides = {}): SampleWebhook {
  return sample(retellInboundDefaults(event), overrides)
}

/** What Retell asks of `/v1/retell/functions/{name}` when its agent uses the tool. */
export function retellFunctionCall(name: 'check_availability' | 'book_appointment', overrides: Overrides = {}): SampleWebhook {
  return sample(retellFunctionDefaults(name), overrides)
}

/** A Cal.com event of the trigger, about one booking; `MEETING_STARTED` and `MEETING_ENDED` are flat. */
export function calcomWebhook(trigger: string, overrides: Overrides = {}): SampleWebhook {
  return sample(calcomDefaults(trigger), overrides)
}

/** A Stripe event of the type (`customer.subscription.updated`, `invoice.paid`, …); types of v1 and v2 are thin. */
export function stripeWebhook(type: string, overrides: Overrides = {}): SampleWebhook {
  return sample(stripeDefaults(type), overrides)
}

/** An event of the type (`contact.created`, …) of whichever system of a company's sends Standard Webhooks. */
export function standardWebhook(type: string, overrides: Overrides = {}): SampleWebhook {
  return sample(standardDefaults(type), overrides)
}

/**
 * What Meta sends of one message (`text`, `image`, …), of one status (`sent`, `delivered`, `read`, `failed`), or of
 * another field's change; the overrides are of the message, the status, or the change's value.
 */
export function whatsappWebhook(kind: string, overrides: Overrides = {}, ours: WhatsappNumber = sampleNumber): SampleWebhook {
  return sample(
    whatsappDefaults(kind, ours, (part) => merge(part, overrides)),
    {},
  )
}

/** One request that tells of all that these tell of, as Meta batches. */
export function whatsappBatch(webhooks: readonly SampleWebhook[]): SampleWebhook {
  const entry = webhooks.flatMap(({ json }) => (Array.isArray(json['entry']) ? json['entry'] : []))
  return sample({ object: 'whatsapp_business_account', entry }, {})
}

function sample(defaults: JsonObject, overrides: Overrides): SampleWebhook {
  const json = merge(defaults, overrides)
  return { body: Buffer.from(JSON.stringify(json)), json }
}

function merge(defaults: JsonObject, overrides: Overrides): JsonObject {
  const merged: JsonObject = { ...defaults }
  for (const [key, override] of Object.entries(overrides)) {
    const current = merged[key]
    if (override === undefined) delete merged[key]
    else if (isObject(override)) merged[key] = merge(isObject(current) ? current : {}, override)
    else merged[key] = override as JsonValue
  }
  return merged
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
