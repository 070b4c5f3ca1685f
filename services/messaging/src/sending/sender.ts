import { repeat } from '@frontdesk/service'
import type { Delivery } from '../app/deliver-message.ts'
import type { LeasedMessage, SendQueue } from '../app/ports.ts'

export interface SenderOptions {
  readonly queue: Pick<SendQueue, 'lease' | 'unconfirm'>
  readonly deliver: (leased: LeasedMessage) => Promise<Delivery>
  /** How many messages are under way at once. */
  readonly concurrency: number
  readonly pollMs: number
  readonly onDelivery: (delivery: Delivery, leased: LeasedMessage) => void
  readonly onUnconfirmed: (message: Awaited<ReturnType<SendQueue['unconfirm']>>[number]) => void
  readonly onFailure: (error: unknown, what: string) => void
}

/** Sends what is queued. Disposing takes nothing new and lets the calls under way finish. */
export interface Sender extends AsyncDisposable {
  /** There is something to send. */
  wake(): void
}

/** Takes what is due as slots become free; messages of one conversation go one after the other, the first queued first. */
export function startSender(options: SenderOptions): Sender {
  const { queue, deliver, concurrency, pollMs, onDelivery, onUnconfirmed, onFailure } = options
  const underWay = new Set<Promise<void>>()
  const lastOfConversation = new Map<string, Promise<void>>()
  let isStopping = false

  async function deliverOne(leased: LeasedMessage, before: Promise<void> | undefined): Promise<void> {
    await before
    // Nothing of it is committed yet: when its lease ends, another replica takes it.
    if (isStopping) return
    try {
      onDelivery(await deliver(leased), leased)
    } catch (error) {
      // Its lease ends, and it is tried again.
      onFailure(error, 'a message could not be taken in hand')
    }
  }

  function start(leased: LeasedMessage): void {
    const key = `${leased.companyId} ${leased.message.conversationId ?? leased.message.id}`
    const task = deliverOne(leased, lastOfConversation.get(key)).finally(() => {
      underWay.delete(task)
      if (lastOfConversation.get(key) === task) lastOfConversation.delete(key)
      sending.wake()
    })
    lastOfConversation.set(key, task)
    underWay.add(task)
  }

  const sending = repeat(
    async () => {
      const free = concurrency - underWay.size
      if (free > 0) for (const leased of await queue.lease(free)) start(leased)
    },
    pollMs,
    (error) => onFailure(error, 'what is due could not be read'),
  )
  const watching = repeat(
    async () => {
      for (const message of await queue.unconfirm()) onUnconfirmed(message)
    },
    5 * pollMs,
    (error) => onFailure(error, 'what has no outcome could not be read'),
  )

  return {
    wake: () => sending.wake(),
    async [Symbol.asyncDispose]() {
      isStopping = true
      await Promise.all([sending[Symbol.asyncDispose](), watching[Symbol.asyncDispose]()])
      await Promise.all(underWay)
    },
  }
}
