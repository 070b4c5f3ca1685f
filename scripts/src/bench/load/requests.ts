import { type Answer, createConnection } from './connection.ts'
import type { LoadPlan } from './plan.ts'
import { retellEvent } from './retell-events.ts'

/** What is sent, in its order, and what became of it. */
export interface Requests extends Disposable {
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
  const links = Array.from({ length: connections }, () => createConnection(url))
  const { host } = new URL(url)
  const ready: readonly Buffer[] = Array.from({ length: presigned }, (_, n) => requestOf(n))
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

  /** As it goes over the wire. */
  function requestOf(n: number): Buffer {
    const { body, signature } = retellEvent(apiKey, run, n)
    const headers = [
      `host: ${host}`,
      'content-type: application/json',
      `content-length: ${body.length}`,
      `x-retell-signature: ${signature}`,
    ]
    return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`), body])
  }

  function take({ status, body }: Answer, n: number): void {
    if (status !== 200) return fail(String(status))
    const answer = JSON.parse(body) as { accepted: number; duplicates: number }
    if (answer.accepted + answer.duplicates !== 1) return fail(`200 ${body}`)
    accepted += answer.accepted
    duplicates += answer.duplicates
    confirmed.add(n)
  }

  function fail(reason: string): void {
    failures[reason] = (failures[reason] ?? 0) + 1
  }

  return {
    async send(connection) {
      const n = choose()
      sent += 1
      try {
        // What is signed on the way is not kept: a heap that grows would have the collector hold up what falls due.
        const answer = await links[connection]?.send(ready[n] ?? requestOf(n))
        if (answer) take(answer, n)
      } catch (error) {
        fail(error instanceof Error && 'code' in error ? String(error.code) : String(error))
      }
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
    [Symbol.dispose]() {
      for (const link of links) link.close()
    },
  }
}
