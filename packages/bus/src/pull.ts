import { setTimeout as pause } from 'node:timers/promises'
import { createInbox } from '@nats-io/nats-core'
import type { Msg } from '@nats-io/nats-core'
import type { Session } from './link.ts'

/** What is pulled, and how long the broker waits for something to hand out. */
export interface PullOptions {
  stream: string
  durable: string
  batchSize: number
  inboxPrefix: string
  apiPrefix: string
  expiresMs?: number
}

/** Batches of a durable's messages in one session. */
export interface Pull {
  /** What is there, or the next that comes; empty once stopped. @throws Error if the session or the durable is gone. */
  next(stop: AbortSignal): Promise<Msg[]>
  /** What was delivered and not yet given out. */
  waiting(): readonly Msg[]
  /** Tells the broker to send no more and gives what was still on its way. */
  close(): Promise<Msg[]>
}

/** After the last message of a batch, before it is given out although the broker has not closed it. */
const lingerMs = 20
const answerMarginMs = 2_000
const shortestPauseMs = 10
const longestPauseMs = 500

/**
 * Pulls by requests that the broker ends as soon as it has handed out what it had (`no_wait` with `expires`): a busy
 * durable gives full batches, a quiet one gives each message at once.
 */
export function openPull(session: Session, { stream, durable, batchSize, inboxPrefix, apiPrefix, expiresMs = 5_000 }: PullOptions): Pull {
  const { connection, lost } = session
  const inbox = createInbox(inboxPrefix)
  const buffer: Msg[] = []
  let requests = 0
  let requestedAtMs = 0
  /** How many messages the open request may still bring; 0 without one. */
  let open = 0
  let emptyAnswers = 0
  let gone: Error | undefined
  let wake: (() => void) | undefined

  const subscription = connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) gone = error
      else if (message.data.length === 0 && message.headers && message.headers.code >= 100) answered(message)
      else {
        buffer.push(message)
        emptyAnswers = 0
        open = Math.max(0, open - 1)
      }
      wake?.()
    },
  })
  lost.addEventListener('abort', () => wake?.())

  function answered(message: Msg): void {
    if (message.subject !== `${inbox}.${requests}`) return
    const { code = 0, description = '' } = message.headers ?? {}
    open = 0
    if (code === 503 || /consumer deleted|push based/i.test(description))
      gone = new Error(`the broker has no such durable (${code} ${description})`)
  }

  function request(): void {
    requests += 1
    requestedAtMs = performance.now()
    open = batchSize
    const maxBytes = Math.max(16 * 1024 * 1024, 2 * (connection.info?.max_payload ?? 0))
    const order = { batch: batchSize, no_wait: true, expires: expiresMs * 1_000_000, max_bytes: maxBytes }
    connection.publish(`${apiPrefix}.CONSUMER.MSG.NEXT.${stream}.${durable}`, JSON.stringify(order), { reply: `${inbox}.${requests}` })
  }

  /** Until something is delivered or answered, but no longer than given. */
  async function somethingNew(timeoutMs: number, stop: AbortSignal): Promise<'new' | 'timeout'> {
    const { promise, resolve } = Promise.withResolvers<'new' | 'timeout'>()
    const timer = setTimeout(() => resolve('timeout'), timeoutMs)
    wake = () => resolve('new')
    stop.addEventListener('abort', wake, { once: true })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      stop.removeEventListener('abort', wake)
      wake = undefined
    }
  }

  /** Another replica's open request can have ours answered at once with nothing, again and again. */
  async function afterNothing(stop: AbortSignal): Promise<void> {
    emptyAnswers = performance.now() - requestedAtMs < longestPauseMs ? emptyAnswers + 1 : 0
    if (emptyAnswers === 0) return
    await pause(Math.min(longestPauseMs, shortestPauseMs * 2 ** Math.min(emptyAnswers, 10)), undefined, { signal: stop }).catch(
      () => undefined,
    )
  }

  async function next(stop: AbortSignal): Promise<Msg[]> {
    for (let lingered = false; ;) {
      if (stop.aborted) return []
      lost.throwIfAborted()
      if (gone) throw gone
      if (buffer.length > 0 && (lingered || open === 0)) return buffer.splice(0, batchSize)
      if (open === 0) request()
      const event = await somethingNew(buffer.length > 0 ? lingerMs : expiresMs + answerMarginMs, stop)
      if (event === 'timeout' && buffer.length === 0) throw new Error('the broker did not answer a pull')
      lingered = event === 'timeout'
      if (open === 0 && buffer.length === 0) await afterNothing(stop)
    }
  }

  return {
    next,
    waiting: () => buffer,
    async close() {
      if (lost.aborted) subscription.unsubscribe()
      else await Promise.race([subscription.drain().catch(() => undefined), pause(answerMarginMs, undefined, { ref: false })])
      return buffer.splice(0)
    },
  }
}
