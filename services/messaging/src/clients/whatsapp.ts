import type { Telemetry } from '@frontdesk/telemetry'
import { ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel'
import { z } from 'zod'
import type { Channel, OutgoingMessage } from '../app/ports.ts'
import type { AttemptOutcome } from '../domain/attempt.ts'
import { outcomeOf, outcomeOfFailure } from './whatsapp-errors.ts'

export interface WhatsAppOptions {
  /** Such as https://graph.facebook.com */
  readonly baseUrl: string
  readonly accessToken: string
  readonly telemetry: Telemetry
  /** How long an answer is waited for; 10 s when left out. */
  readonly timeoutMs?: number
  /** How long no call is made after five without a usable answer; 10 s when left out. */
  readonly breakMs?: number
}

/** The API's version that the paths name. */
const version = 'v26.0'
const failuresBeforePause = 5

const answer = z.object({ messages: z.tuple([z.object({ id: z.string().min(1).max(255) })], z.unknown()) })
const refusal = z.object({
  error: z.object({
    code: z.number().int().optional(),
    message: z.string().default(''),
    error_data: z.object({ details: z.string() }).optional(),
  }),
})

/**
 * WhatsApp's Cloud API: one call for each message, never tried again here, since it has no idempotency key. After five
 * calls in a row without a usable answer, none is made for a while.
 */
export function createWhatsApp({ baseUrl, accessToken, telemetry, timeoutMs = 10_000, breakMs = 10_000 }: WhatsAppOptions): Channel {
  const duration = telemetry.metrics.histogram('messaging_whatsapp_call_duration_seconds', 'Calls to WhatsApp, by outcome.', ['outcome'])
  const isTrouble = (result: unknown) => (result as Call).isTrouble
  const breaker = circuitBreaker(handleWhenResult(isTrouble), {
    halfOpenAfter: breakMs,
    breaker: new ConsecutiveBreaker(failuresBeforePause),
  })
  // Its own state stays "open" until somebody calls again, who would have asked first.
  let pausedUntil = 0
  breaker.onBreak(() => (pausedUntil = performance.now() + breakMs))

  async function call(message: OutgoingMessage): Promise<Call> {
    let response: Response
    let body: unknown
    try {
      response = await fetch(`${baseUrl}/${version}/${encodeURIComponent(message.phoneNumberId)}/messages`, {
        method: 'POST',
        headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(requestOf(message)),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'manual',
      })
      body = await bodyOf(response)
    } catch (error) {
      return { outcome: outcomeOfFailure(error), isTrouble: true }
    }
    return { outcome: response.ok ? takenOf(body) : refusedOf(response, body), isTrouble: response.status >= 500 }
  }

  return {
    get isOpen() {
      return performance.now() >= pausedUntil
    },

    async send(message) {
      const startedAt = performance.now()
      let outcome: AttemptOutcome
      try {
        outcome = (await breaker.execute(() => call(message))).outcome
      } catch {
        // Only the breaker throws, and then instead of calling.
        outcome = { kind: 'later', reason: 'WhatsApp can not be reached at the moment.', retryAfterMs: breakMs }
      }
      duration.observe({ outcome: outcome.kind }, (performance.now() - startedAt) / 1_000)
      return outcome
    },
  }
}

interface Call {
  readonly outcome: AttemptOutcome
  readonly isTrouble: boolean
}

/** `to` wins where both are known; a person without a number is reached by the provider's id of him. */
function requestOf({ to, content, reference }: OutgoingMessage) {
  const { phoneNumber, userId } = to
  const recipient = phoneNumber === '' ? { recipient: userId } : { to: phoneNumber.replace(/^\+/, '') }
  const envelope = { messaging_product: 'whatsapp', recipient_type: 'individual', ...recipient, biz_opaque_callback_data: reference }
  if (content.kind === 'text') return { ...envelope, type: 'text', text: { body: content.text } }
  const { name, language, parameters } = content.template
  const body = { type: 'body', parameters: parameters.map((text) => ({ type: 'text', text })) }
  return {
    ...envelope,
    type: 'template',
    template: { name, language: { code: language }, ...(parameters.length > 0 && { components: [body] }) },
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text()
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function takenOf(body: unknown): AttemptOutcome {
  const parsed = answer.safeParse(body)
  if (!parsed.success) return { kind: 'unknown', reason: 'WhatsApp took it, and named no message.' }
  return { kind: 'taken', providerMessageId: parsed.data.messages[0].id }
}

function refusedOf(response: Response, body: unknown): AttemptOutcome {
  const parsed = refusal.safeParse(body)
  const error = parsed.data?.error
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return outcomeOf({
    httpStatus: response.status,
    code: error?.code,
    message: error?.error_data?.details ?? error?.message ?? response.statusText,
    retryAfterMs: Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 3_600) * 1_000 : undefined,
  })
}
