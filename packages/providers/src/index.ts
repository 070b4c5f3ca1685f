import { calcom } from './calcom/index.ts'
import type { Provider, ProviderName } from './provider.ts'
import { retell } from './retell/index.ts'
import { standard } from './standard/index.ts'
import { stripe } from './stripe/index.ts'
import { whatsapp } from './whatsapp/index.ts'

export type { Delivery, NormalizedEvent, Provider, ProviderName, SignedRequest } from './provider.ts'

export {
  type InboundAnswer,
  type InboundContact,
  type InboundEvent,
  type InboundReading,
  type InboundWebhook,
  retellInbound,
} from './retell/inbound.ts'

export {
  type FunctionCall,
  type FunctionName,
  type FunctionReading,
  type FunctionRequest,
  type FunctionWebhook,
  type RequestedStart,
  retellFunctions,
} from './retell/function-call.ts'

/** Every provider by its name. */
export const providers: Readonly<Record<ProviderName, Provider>> = { retell, calcom, stripe, whatsapp, standard }
