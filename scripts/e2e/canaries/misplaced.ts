import { randomBytes } from 'node:crypto'
import { liveSamples, type SampleCompany } from '@frontdesk/providers/samples'
import type { Manifest } from '../../src/stack/manifest.ts'
import type { PlantedConnection } from './connections.ts'
import type { Place } from './places.ts'

/** Where a confused operator would paste a secret, besides the place where it signs. */
const headersWith = (secret: string): Record<string, string> => ({
  authorization: `Bearer ${secret}`,
  'x-api-key': secret,
  'x-webhook-secret': secret,
  cookie: `secret=${encodeURIComponent(secret)}`,
  'x-hook-key': secret,
  'x-original-url': `/hook?secret=${encodeURIComponent(secret)}`,
  referer: `https://salon.example/hook?secret=${encodeURIComponent(secret)}`,
  'proxy-authorization': `Basic ${Buffer.from(`frontdesk:${secret}`).toString('base64')}`,
  'user-agent': `hook/${secret}`,
})

/**
 * Sends an event by each secret, first rightly and then wrongly signed, with the secret in headers and in the query, and others with the
 * secret for a signature or in the path. How each was answered is added to the places; the statuses are counted.
 */
export async function sendMisplaced(
  { ingress }: Pick<Manifest, 'ingress'>,
  connections: readonly PlantedConnection[],
  company: SampleCompany,
  places: Place[],
): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  for (const { provider, connectionId, secret } of connections) {
    const samples = liveSamples[provider]
    const moment = { now: new Date(), nonce: randomBytes(8).toString('hex') }
    const bytes = Buffer.from(
      JSON.stringify(samples.body(samples.events[0] ?? '', company, { happenedAt: moment.now, nonce: moment.nonce })),
    )
    const signed = samples.sign(bytes, secret, moment)
    const forged = samples.sign(bytes, `whsec_${randomBytes(32).toString('base64')}`, moment)
    const unsigned = Object.fromEntries(Object.keys(signed).map((header) => [header, secret]))
    const own = ['/v1/webhooks', provider, connectionId].filter((part) => part !== undefined).join('/')
    const quoted = encodeURIComponent(secret)
    const requests: [path: string, headers: Readonly<Record<string, string>>][] = [
      [`${own}?secret=${quoted}`, { ...headersWith(secret), ...signed }],
      [`${own}?secret=${quoted}`, { ...headersWith(secret), ...forged }],
      [`${own}?token=${quoted}`, unsigned],
      [`/v1/webhooks/${provider}?secret=${quoted}`, headersWith(secret)],
      [`/v1/webhooks/${provider}/${quoted}`, signed],
      [`${own}/${quoted}`, signed],
      [`/${quoted}`, { tracestate: `vendor=${quoted}` }],
    ]
    for (const [path, headers] of requests) {
      const response = await fetch(`${ingress.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: bytes,
      })
      const said = `${JSON.stringify([...response.headers])}\n${await response.text()}`
      places.push({ kind: 'answer', name: `${provider} ${response.status}`, content: Buffer.from(said) })
      statuses[response.status] = (statuses[response.status] ?? 0) + 1
    }
  }
  return statuses
}
