import type { Telemetry } from '@frontdesk/telemetry'
import { bulkhead, ExponentialBackoff, handleAll, retry, wrap } from 'cockatiel'
import type { ProviderName } from './provider.ts'

/** A webhook to be sent. */
export interface Webhook {
  readonly provider: ProviderName
  /** At the ingress. */
  readonly path: string
  readonly body: string
  /** The signature and what stands beside it, made anew for each attempt as the providers do. */
  readonly headers: () => Record<string, string>
}

/** A webhook that nobody sent: whoever takes it does, in whatever order and multiplicity. */
export interface HeldWebhook {
  readonly provider: ProviderName
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type WebhookMode = 'live' | 'held'

/** The way of the providers' webhooks to the ingress. Disposing it abandons what is under way. */
export interface Webhooks extends AsyncDisposable {
  /** Sends it in the background, or holds it; deliveries overtake each other as they do on the Internet. */
  send(webhook: Webhook): void
  /** False for `live` where there is no ingress. What is held stays so until it is taken. */
  setMode(mode: WebhookMode): boolean
  /** What was held, oldest first, and no longer is. */
  takeHeld(): HeldWebhook[]
}

export interface WebhooksOptions {
  /** Without it, webhooks are held. */
  readonly ingressUrl: string | undefined
  readonly telemetry: Telemetry
  /** How often a delivery is tried, 8 when left out. */
  readonly attemptsMax?: number
  /** Before the second attempt, 200 when left out; it doubles from there, up to 30 s. */
  readonly firstDelayMs?: number
}

const heldMax = 10_000
const atOnceMax = 16
const answerWithinMs = 10_000

export function createWebhooks({ ingressUrl, telemetry, attemptsMax = 8, firstDelayMs = 200 }: WebhooksOptions): Webhooks {
  const closing = new AbortController()
  const underWay = new Set<Promise<void>>()
  // The bulkhead is inside, so that a delivery that waits for its next attempt keeps nobody up.
  const policy = wrap(
    retry(handleAll, { maxAttempts: attemptsMax - 1, backoff: new ExponentialBackoff({ initialDelay: firstDelayMs, maxDelay: 30_000 }) }),
    bulkhead(atOnceMax, Number.MAX_SAFE_INTEGER),
  )
  let mode: WebhookMode = ingressUrl === undefined ? 'held' : 'live'
  let held: HeldWebhook[] = []

  async function post({ path, body, headers }: Webhook, signal: AbortSignal): Promise<void> {
    const response = await fetch(new URL(path, ingressUrl), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers() },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]),
    })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`the ingress answered ${response.status}`)
  }

  async function deliver(webhook: Webhook): Promise<void> {
    try {
      await policy.execute(({ signal }) => post(webhook, signal), closing.signal)
    } catch (error) {
      if (!closing.signal.aborted) telemetry.logger.warn({ err: error, provider: webhook.provider }, 'a webhook was given up')
    }
  }

  return {
    send(webhook) {
      if (mode === 'held') {
        const { provider, path, body } = webhook
        held.push({ provider, path, headers: { 'content-type': 'application/json', ...webhook.headers() }, body })
        if (held.length > 2 * heldMax) held = held.slice(-heldMax)
        return
      }
      const delivery = deliver(webhook).finally(() => underWay.delete(delivery))
      underWay.add(delivery)
    },
    setMode(next) {
      if (next === 'live' && ingressUrl === undefined) return false
      mode = next
      return true
    },
    takeHeld() {
      const taken = held
      held = []
      return taken
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await Promise.all(underWay)
    },
  }
}
