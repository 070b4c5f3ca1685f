import type { ProviderName } from './provider.ts'
import { calcomSamples } from './samples/calcom.ts'
import type { LiveSamples } from './samples/live-sample.ts'
import { retellSamples } from './samples/retell.ts'
import { standardSamples } from './samples/standard.ts'
import { stripeSamples } from './samples/stripe.ts'
import { whatsappSamples } from './samples/whatsapp.ts'

export type { JsonObject, JsonValue } from './json.ts'
export { signStandard } from './standard/signature.ts'
export type { LiveSamples, SampleCompany, SampleMoment } from './samples/live-sample.ts'

/** What each provider would send, by its name: for tools that play a provider, never for whoever receives webhooks. */
export const liveSamples: Readonly<Record<ProviderName, LiveSamples>> = {
  retell: retellSamples,
  calcom: calcomSamples,
  stripe: stripeSamples,
  whatsapp: whatsappSamples,
  standard: standardSamples,
}
