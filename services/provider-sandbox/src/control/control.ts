import { FrontdeskError } from '@frontdesk/errors'
import { createHttpServer } from '@frontdesk/http'
import type { Telemetry } from '@frontdesk/telemetry'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { CalcomSandbox } from '../calcom/calcom.ts'
import { type Faults, faultKinds } from '../shared/faults.ts'
import type { ListeningServer } from '../shared/provider-server.ts'
import { providerNames } from '../shared/provider.ts'
import type { RequestLog } from '../shared/request-log.ts'
import type { Webhooks } from '../shared/webhooks.ts'
import type { StripeSandbox } from '../stripe/stripe.ts'
import type { WhatsappSandbox } from '../whatsapp/whatsapp.ts'
import { registerCalcomControl } from './calcom.ts'
import { jsonBody, queryOf } from './input.ts'
import { registerStripeControl } from './stripe.ts'
import { registerWhatsappControl } from './whatsapp.ts'

/** What the control API controls. */
export interface Controlled {
  readonly telemetry: Telemetry
  readonly faults: Faults
  readonly requests: RequestLog
  readonly webhooks: Webhooks
  readonly stripe: StripeSandbox
  readonly whatsapp: WhatsappSandbox
  readonly calcom: CalcomSandbox
  readonly reset: () => void
  /** A state may have changed. */
  readonly onChange: () => void
}

/** Anyone who can reach it can do everything, so only this machine can. */
const host = '127.0.0.1'

const faultSchema = z.strictObject({
  provider: z.enum(providerNames),
  kind: z.enum(faultKinds),
  pathPrefix: z.string().startsWith('/').optional(),
  times: z.int().min(1).optional(),
  delayMs: z.int().min(0).max(600_000).optional(),
})
const requestsSchema = z.strictObject({
  provider: z.enum(providerNames).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})
const modeSchema = z.strictObject({ mode: z.enum(['live', 'held']) })

/** Serves the control API; README lists its routes. */
export async function startControl(port: number, controlled: Controlled): Promise<ListeningServer> {
  const { telemetry, faults, requests, webhooks } = controlled
  const server = createHttpServer({ telemetry, bodyLimitBytes: 1024 * 1024, observed: false })
  server.addHook('onSend', async (request) => {
    if (request.method !== 'GET') controlled.onChange()
  })

  server.get('/requests', (request) => ({ requests: requests.list(queryOf(request, requestsSchema)) }))
  server.get('/faults', () => ({ faults: faults.list() }))
  server.put('/faults', (request) => {
    faults.add(jsonBody(request, faultSchema))
    return { faults: faults.list() }
  })
  server.delete('/faults', () => {
    faults.clear()
    return { faults: [] }
  })
  server.put('/webhooks', (request) => {
    const { mode } = jsonBody(request, modeSchema)
    if (!webhooks.setMode(mode))
      throw new FrontdeskError('failed_precondition', { publicMessage: 'There is no INGRESS_URL to send webhooks to.' })
    return { mode }
  })
  server.get('/webhooks/held', () => ({ webhooks: webhooks.takeHeld() }))
  server.post('/reset', () => {
    controlled.reset()
    return {}
  })
  registerStripeControl(server, controlled.stripe)
  registerWhatsappControl(server, controlled.whatsapp)
  registerCalcomControl(server, controlled.calcom)

  await server.listen({ port, host })
  const address = server.server.address() as AddressInfo
  return { url: `http://${host}:${address.port}`, [Symbol.asyncDispose]: () => server.close() }
}
