import { type Agent, request } from 'node:http'

/** How a webhook was answered. */
export interface Answer {
  readonly status: number
  readonly retryAfter: string | undefined
  /** From the moment that it had a socket. */
  readonly ms: number
}

/** Sends a body that Retell signed. @throws Error if there is no answer. */
export function post(agent: Agent, url: string, body: Buffer, signature: string): Promise<Answer> {
  const { promise, resolve: answered, reject } = Promise.withResolvers<Answer>()
  const outgoing = request(url, { agent, method: 'POST', headers: { 'x-retell-signature': signature, 'content-length': body.length } })
  let begun = performance.now()
  outgoing.on('socket', () => {
    begun = performance.now()
  })
  outgoing.on('response', (response) => {
    const { statusCode: status = 0, headers } = response
    response.resume().on('end', () => answered({ status, retryAfter: headers['retry-after'], ms: performance.now() - begun }))
  })
  outgoing.on('error', reject)
  outgoing.end(body)
  return promise
}

/** The value below which that share of the values is. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
