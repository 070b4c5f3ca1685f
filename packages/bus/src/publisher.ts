import type { Telemetry } from '@frontdesk/telemetry'
import { createInbox } from '@nats-io/nats-core'
import type { Msg, Subscription } from '@nats-io/nats-core'
import { confirmDuplicate } from './confirm-duplicate.ts'
import { createInFlight } from './in-flight.ts'
import type { Link, Session } from './link.ts'
import type { OutgoingMessage, PublishFailure, PublishOutcome } from './messages.ts'
import { prepare } from './prepare.ts'
import { readPubAck } from './pub-ack.ts'
import { streamOf } from './subjects.ts'

/** The most bytes of bodies that wait for acks at once. */
const maxBytesInFlight = 8 * 1024 * 1024

interface Entry {
  readonly message: OutgoingMessage
  /** Once aborted, what has not been sent is not sent any more. */
  readonly during: AbortSignal | undefined
  readonly finish: (outcome: PublishOutcome) => void
}

/** Publishes over one reply inbox; disposing takes no more and waits for the acks that are due, or their time-outs. */
export interface Publisher extends AsyncDisposable {
  publish(messages: readonly OutgoingMessage[], options?: { readonly during?: AbortSignal }): Promise<PublishOutcome[]>
}

/**
 * A publisher with one subscription for all its acks, told apart by tokens of our own: a request for each message,
 * with its promise and its timer, keeps the client busy at a third of the rate.
 */
export function createPublisher(
  link: Link,
  telemetry: Telemetry,
  { timeoutMs = 5_000, maxInFlight = 512 }: { timeoutMs?: number | undefined; maxInFlight?: number | undefined } = {},
): Publisher {
  const { metrics } = telemetry
  const published = metrics.counter('bus_published_total', 'Messages that the broker stored for us.', ['stream', 'duplicate'])
  const failed = metrics.counter('bus_publish_failures_total', 'Messages not known to be stored.', ['reason'])
  metrics.gauge('bus_publishes_pending', 'Messages queued or waiting for their ack.', [], (gauge) =>
    gauge.set(queue.length + inFlight.count),
  )

  const inbox = createInbox(link.inboxPrefix)
  const inFlight = createInFlight<Entry>({
    maxCount: maxInFlight,
    maxBytes: maxBytesInFlight,
    timeoutMs,
    onTimeout(entries) {
      for (const entry of entries) fail(entry, 'timeout', `no ack within ${timeoutMs} ms; it may be stored`)
      schedulePump()
    },
  })
  let queue: Entry[] = []
  let pumping = false
  let closing = false
  let active: { session: Session; subscription: Subscription } | undefined
  const idle = Promise.withResolvers<void>()

  function fail(entry: Entry, reason: PublishFailure, detail: string): void {
    failed.inc({ reason })
    entry.finish({ ok: false, reason, detail })
  }

  /** Once per turn of the event loop, so that what came in and what was acked meanwhile leaves in one write. */
  function schedulePump(): void {
    if (pumping) return
    pumping = true
    setImmediate(pump)
  }

  function pump(): void {
    pumping = false
    const session = link.session()
    if (session && session !== active?.session) listen(session)
    let sent = 0
    for (const entry of queue) {
      if (session && !entry.during?.aborted && !inFlight.hasRoom(entry.message.body.length)) break
      sent += 1
      if (entry.during?.aborted) fail(entry, 'not_connected', 'the connection that it was meant for was lost')
      else if (session) send(session, entry)
      else fail(entry, 'not_connected', `the bus is ${link.status()}`)
    }
    queue = sent === queue.length ? [] : queue.slice(sent)
    if (closing && queue.length === 0 && inFlight.count === 0) idle.resolve()
  }

  function listen(session: Session): void {
    active?.subscription.unsubscribe()
    const subscription = session.connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (!error) receive(session, message)
      },
    })
    active = { session, subscription }
    session.lost.addEventListener('abort', () => {
      for (const entry of inFlight.takeAll()) fail(entry, 'not_connected', 'the connection was lost before the ack came; it may be stored')
      schedulePump()
    })
  }

  function send(session: Session, entry: Entry): void {
    const prepared = prepare(entry.message, session.connection.info?.max_payload)
    if (!prepared.ok) return fail(entry, prepared.reason, prepared.detail)
    const token = inFlight.add(entry, entry.message.body.length)
    try {
      session.connection.publish(entry.message.subject, entry.message.body, { headers: prepared.headers, reply: `${inbox}.${token}` })
    } catch (error) {
      inFlight.take(token)
      fail(entry, 'rejected', String(error))
    }
  }

  function receive(session: Session, message: Msg): void {
    const token = message.subject.slice(inbox.length + 1)
    const entry = inFlight.get(token)
    if (!entry) return
    const ack = readPubAck(message)
    if (!ack.ok) land(token, ack)
    else if (ack.stream !== streamOf(entry.message.subject)) {
      land(token, { ok: false, reason: 'wrong_subject', detail: `${ack.stream} stored it, which does not own the subject` })
    } else if (!ack.duplicate) land(token, ack)
    // It keeps its place in flight: a crowd of duplicates asks the broker no faster than it may publish.
    else void confirmDuplicate(session.connection, entry.message, ack, timeoutMs).then((outcome) => land(token, outcome))
  }

  /** Ends a message's wait, once: an answer after its time-out finds nothing. */
  function land(token: string, outcome: PublishOutcome): void {
    const entry = inFlight.take(token)
    if (!entry) return
    if (outcome.ok) {
      published.inc({ stream: outcome.stream, duplicate: String(outcome.duplicate) })
      entry.finish(outcome)
    } else fail(entry, outcome.reason, outcome.detail)
    schedulePump()
  }

  return {
    publish(messages, { during } = {}) {
      if (messages.length === 0) return Promise.resolve([])
      const { promise, resolve } = Promise.withResolvers<PublishOutcome[]>()
      const outcomes: PublishOutcome[] = Array.from(messages, () => ({ ok: false, reason: 'not_connected', detail: 'the bus is closed' }))
      if (closing) return Promise.resolve(outcomes)
      let left = messages.length
      for (const [index, message] of messages.entries()) {
        const finish = (outcome: PublishOutcome) => {
          outcomes[index] = outcome
          if ((left -= 1) === 0) resolve(outcomes)
        }
        queue.push({ message, during, finish })
      }
      schedulePump()
      return promise
    },
    async [Symbol.asyncDispose]() {
      closing = true
      schedulePump()
      await idle.promise
    },
  }
}
