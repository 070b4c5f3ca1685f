import type { Telemetry } from '@frontdesk/telemetry'
import { decodeEnvelope } from './envelope.ts'
import type { Link, Session } from './link.ts'
import type { OutgoingMessage } from './messages.ts'

/** What to hear. */
export interface ListenOptions {
  /** A subject or a filter. */
  subject: string
  onEvent: (event: OutgoingMessage) => void
  /** Called with each connection, as soon as nothing is missed any more: what came before is to be looked up. */
  onListening: () => void
}

/** Hears events in each session until it is disposed. */
export function startListening(link: Link, telemetry: Telemetry, { subject, onEvent, onListening }: ListenOptions): AsyncDisposable {
  const logger = telemetry.logger.child({ component: 'bus', subject })
  const stopping = new AbortController()

  async function follow({ connection, lost }: Session): Promise<void> {
    const over = AbortSignal.any([lost, stopping.signal])
    const subscription = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return logger.warn({ err: error }, 'the broker lets nobody listen')
        const { headers, subject: heardOn, data: body } = message
        if (headers) hear(() => onEvent({ envelope: decodeEnvelope(headers), subject: heardOn, body }))
      },
    })
    // Its answer tells that the broker has the subscription.
    await connection.flush()
    if (!over.aborted) hear(onListening)
    if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }))
    subscription.unsubscribe()
  }

  /** A throw in a callback of the client would end its subscription. */
  function hear(work: () => void): void {
    try {
      work()
    } catch (error) {
      logger.warn({ err: error }, 'an event that was heard could not be read')
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const session = await link.nextSession(stopping.signal).catch(() => undefined)
      // The only reasons for there never to be another session.
      if (!session) return
      await follow(session).catch((error: unknown) =>
        logger.warn({ err: error }, 'could not listen; trying again with the next connection'),
      )
    }
  }

  const running = run()
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort()
      await running
    },
  }
}
