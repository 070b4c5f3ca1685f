import type { FastifyRequest } from 'fastify'
import { sameText } from '../shared/same-text.ts'
import { apiVersion } from './change.ts'
import { invalidRequest, sessionExpired, unauthorized } from './errors.ts'
import type { MeterSessions } from './meter-sessions.ts'

/** The one route that takes the token of a session, and not our key. */
export const meterStreamUrl = '/v2/billing/meter_event_stream'

/** Lets a request pass that has our key, as a bearer or as the user of basic authentication, and our API version. @throws ProviderError */
export function authorize({ headers, routeOptions }: FastifyRequest, apiKey: string, sessions: MeterSessions): void {
  const [scheme = '', credentials = ''] = (headers.authorization ?? '').split(' ', 2)
  const key = scheme.toLowerCase() === 'basic' ? (Buffer.from(credentials, 'base64').toString().split(':', 1)[0] ?? '') : credentials
  if (key === '') {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )
  }
  if (routeOptions.url === meterStreamUrl) {
    if (!sessions.has(key)) throw sessionExpired()
  } else if (!sameText(key, apiKey)) throw unauthorized(`Invalid API Key provided: ${key.slice(0, 7)}${'*'.repeat(8)}`)
  const version = headers['stripe-version'] ?? apiVersion
  if (version !== apiVersion)
    throw invalidRequest({ message: `Invalid Stripe API version: ${String(version)}. The sandbox emulates ${apiVersion}.` })
}
