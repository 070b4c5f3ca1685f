import { Client } from 'undici'
import type { LoadPlan } from './plan.ts'
import { retellEvent, type SignedEvent } from './retell-events.ts'

/** What is sent, in its order, and what became of it. */
export interface Requests extends AsyncDisposable {
  /** Sends the next request over one of the connections; resolves when it is over, whatever came of it. */
  send(connection: number): Promise<void>
  readonly sent: number
  readonly failures: Record<string, number>
  readonly accepted: number
  readonly duplicates: number
  distinct(): number
}

const path = '/v1/webhooks/retell'

/** The requests of a plan, over connections of their own. */
export function createRequests({ url, apiKey, run, connections, duplicateEvery, presigned }: LoadPlan): Requests {
  const clients = Array.from({ length: connections }, () => new Client(url, { pipelining: 1, headersTimeout: 10_000, bodyTimeout: 10_000 }))
  const events: readonly SignedEvent[] = Array.from({ length: presigned }, (_, n) => retellEvent(apiKey, run, n))
  const confirmed = new Set<number>()
  const failures: Record<string, number> = {}
  let next = 0
  let sent = 0
  let accepted = 0
  let duplicates = 0

  /** A new event, or now and then one that was sent before. */
  function choose(): number {
    if (sent % duplicateEvery === duplicateEvery - 1) return Math.floor(Math.random() * next)
    next += 1
    return next - 1
  }

  function take(status: number, text: string, n: number): void {
    if (status !== 200) return fail(String(status))
    const answer = JSON.parse(text) as { accepted: number; duplicates: number }
    if (answer.accepted + answer.duplicates !== 1) return fail(`200 ${text}`)
    accepted += answer.accepted
    duplicates += answer.duplicates
    confirmed.add(n)
  }

  function fail(reason: string): void {
    failures[reason] = (failures[reason] ?? 0) + 1
  }

  return {
    send(connection) {
      const n = choose()
      sent += 1
      // What is signed on the way is not kept: a heap that grows would have the collector hold up what falls due.
      const { body, signature } = events[n] ?? retellEvent(apiKey, run, n)
      const headers = ['content-type', 'application/json', 'x-retell-signature', signature]
      const { promise, resolve } = Promise.withResolvers<void>()
      let status = 0
      let text = ''
      clients[connection]?.dispatch(
        { method: 'POST', path, headers, body },
        {
          // Without it undici takes this for a handler of its older form.
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode) => void (status = statusCode),
          onResponseData: (_controller, chunk) => void (text += chunk.toString('latin1')),
          onResponseEnd: () => {
            take(status, text, n)
            resolve()
          },
          onResponseError: (_controller, error) => {
            fail('code' in error ? String(error.code) : error.message)
            resolve()
          },
        },
      )
      return promise
    },
    get sent() {
      return sent
    },
    failures,
    get accepted() {
      return accepted
    },
    get duplicates() {
      return duplicates
    },
    distinct: () => confirmed.size,
    async [Symbol.asyncDispose]() {
      await Promise.all(clients.map((client) => client.close()))
    },
  }
}
