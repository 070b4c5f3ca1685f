import { setTimeout as pause } from 'node:timers/promises'
import type { HttpEvent } from './http-event.ts'
import { signedHeaders } from './standard-webhook.ts'

/** How events are handed to a program. */
export interface DeliveryOptions {
  readonly url: URL
  readonly secret: string
  /** How often at most, the first time included. */
  readonly attemptsMax: number
  readonly timeoutMs: number
  readonly now: () => Date
  readonly signal: AbortSignal
  /** The pause after the first failure; it doubles with each, up to 30 s. */
  readonly pauseMs?: number
}

/** What became of one event. */
export interface Delivered {
  readonly ok: boolean
  readonly attempts: number
  /** The last answer's status, or why there was none. */
  readonly answer: number | string
  /** How long the last attempt took. */
  readonly ms: number
}

const longestPauseMs = 30_000

/** Posts the event until it is taken with a 2xx; each attempt is signed anew, with the same id. Never throws. */
export async function deliver(event: HttpEvent, options: DeliveryOptions): Promise<Delivered> {
  const { attemptsMax, signal, pauseMs = 500 } = options
  for (let attempts = 1; ; attempts++) {
    const begunMs = performance.now()
    // An attempt waits for the one before.
    const { answer, retryAfterMs } = await attempt(event, options)
    const ms = Math.round(performance.now() - begunMs)
    const ok = typeof answer === 'number' && answer >= 200 && answer < 300
    // 410: the receiver wants no more of it.
    if (ok || answer === 410 || attempts >= attemptsMax || signal.aborted) return { ok, attempts, answer, ms }
    const backoffMs = pauseMs * 2 ** (attempts - 1) * (0.75 + Math.random() / 2)
    await pause(Math.min(longestPauseMs, Math.max(backoffMs, retryAfterMs)), undefined, { signal }).catch(() => undefined)
  }
}

async function attempt(
  { id, headers, body }: HttpEvent,
  { url, secret, timeoutMs, now, signal }: DeliveryOptions,
): Promise<{ answer: number | string; retryAfterMs: number }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, ...signedHeaders(id, body, secret, now()) },
      body: new Uint8Array(body),
      // Nobody was asked whether the events may go elsewhere.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    await response.body?.cancel()
    const retryAfter = response.headers.get('retry-after') ?? ''
    return { answer: response.status, retryAfterMs: /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : 0 }
  } catch (error) {
    return { answer: reasonOf(error, timeoutMs), retryAfterMs: 0 }
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return `no answer in ${timeoutMs} ms`
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}
