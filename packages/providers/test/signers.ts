import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { symmetric } from 'retell-sdk/lib/webhook_auth'
import { Webhook } from 'standardwebhooks'
import { Stripe } from 'stripe'
import { calcom } from '../src/calcom/index.ts'
import type { Provider, SignedRequest } from '../src/provider.ts'
import { retell } from '../src/retell/index.ts'
import { standard } from '../src/standard/index.ts'
import { stripe } from '../src/stripe/index.ts'
import { calcomWebhook, retellWebhook, standardWebhook, stripeWebhook, whatsappWebhook } from '../src/testing.ts'
import { whatsapp } from '../src/whatsapp/index.ts'

export type Headers = SignedRequest['headers']

/** How a provider signs by its own SDK, or, where it has none for that, as `openssl dgst -hmac` does. */
export interface Signer {
  readonly provider: Provider
  /** Of a provider that has several. */
  readonly scheme?: string
  readonly header: string
  /** Whether a timestamp is signed along. */
  readonly timed: boolean
  /** The key of an HMAC that the secret stands for. */
  readonly keyOf: (secret: string) => string | Buffer
  readonly secrets: readonly [own: string, previous: string, ofAnother: string]
  readonly bodies: readonly Buffer[]
  readonly sign: (body: Buffer, secret: string, timestampMs: number) => Promise<Headers>
  /** What an HMAC is made over, in the parts that it is put together of. */
  readonly signed: (body: Buffer, headers: Headers) => readonly (Buffer | string)[]
  /** The header with this digest, written as the provider does. */
  readonly withDigest: (headers: Headers, digest: Buffer) => Headers
}

const sdk = new Stripe('sk_test_none')
const seconds = (timestampMs: number) => Math.floor(timestampMs / 1_000)
const whsec = (fill: number) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`
const bare = (header: string, prefix = '') => ({
  header,
  timed: false,
  keyOf: (secret: string) => secret,
  secrets: ['secret of A', 'secret of A before', 'secret of B'] as const,
  sign: async (body: Buffer, secret: string) => ({ [header]: `${prefix}${createHmac('sha256', secret).update(body).digest('hex')}` }),
  signed: (body: Buffer) => [body],
  withDigest: (_headers: Headers, digest: Buffer) => ({ [header]: `${prefix}${digest.toString('hex')}` }),
})
/** A company's pair: what Frontdesk has of it, and what signs. */
const ed25519 = () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url')
  return { secret: `whpk_${point.toString('base64')}`, privateKey }
}
const pairs = [ed25519(), ed25519(), ed25519()] as const
const standardContent = (body: Buffer, headers: Headers) => [
  headers['webhook-id'] ?? '',
  '.',
  headers['webhook-timestamp'] ?? '',
  '.',
  body,
]
const partOf = (headers: Headers, header: string, form: RegExp) => form.exec(headers[header] ?? '')?.[1] ?? ''

export const signers: readonly Signer[] = [
  {
    provider: retell,
    header: 'x-retell-signature',
    timed: true,
    keyOf: (secret) => secret,
    secrets: ['key_of_A', 'key_of_A_before', 'key_of_B'],
    bodies: ['call_started', 'call_ended', 'call_analyzed', 'transfer_started', 'chat_ended'].map((event) => retellWebhook(event).body),
    sign: async (body, secret, timestampMs) => ({ 'x-retell-signature': await symmetric.sign(body.toString(), secret, timestampMs) }),
    signed: (body, headers) => [body, partOf(headers, 'x-retell-signature', /v=(\d+)/)],
    withDigest: (headers, digest) => ({
      'x-retell-signature': `v=${partOf(headers, 'x-retell-signature', /v=(\d+)/)},d=${digest.toString('hex')}`,
    }),
  },
  {
    ...bare('x-cal-signature-256'),
    provider: calcom,
    bodies: ['BOOKING_CREATED', 'BOOKING_CANCELLED', 'MEETING_ENDED', 'PING'].map((trigger) => calcomWebhook(trigger).body),
  },
  {
    provider: stripe,
    header: 'stripe-signature',
    timed: true,
    keyOf: (secret) => secret,
    secrets: ['whsec_of_A', 'whsec_of_A_before', 'whsec_of_B'],
    bodies: ['invoice.paid', 'charge.dispute.created', 'v1.billing.meter.no_meter_found'].map((type) => stripeWebhook(type).body),
    sign: async (body, secret, timestampMs) => ({
      'stripe-signature': sdk.webhooks.generateTestHeaderString({ payload: body.toString(), secret, timestamp: seconds(timestampMs) }),
    }),
    signed: (body, headers) => [partOf(headers, 'stripe-signature', /t=(\d+)/), '.', body],
    withDigest: (headers, digest) => ({
      'stripe-signature': `t=${partOf(headers, 'stripe-signature', /t=(\d+)/)},v1=${digest.toString('hex')}`,
    }),
  },
  {
    ...bare('x-hub-signature-256', 'sha256='),
    provider: whatsapp,
    bodies: ['text', 'image', 'failed', 'message_template_status_update'].map((kind) => whatsappWebhook(kind).body),
  },
  {
    provider: standard,
    header: 'webhook-signature',
    timed: true,
    keyOf: (secret) => Buffer.from(secret.slice('whsec_'.length), 'base64'),
    secrets: [whsec(1), whsec(2), whsec(3)],
    bodies: ['contact.created', 'invoice.paid'].map((type) => standardWebhook(type).body),
    sign: async (body, secret, timestampMs) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(seconds(timestampMs)),
      'webhook-signature': new Webhook(secret).sign('msg_1', new Date(timestampMs), body.toString()),
    }),
    signed: standardContent,
    withDigest: (headers, digest) => ({ ...headers, 'webhook-signature': `v1,${digest.toString('base64')}` }),
  },
  {
    provider: standard,
    scheme: 'v1a',
    header: 'webhook-signature',
    timed: true,
    // The public key, which is no secret, must not do as an HMAC key.
    keyOf: (secret) => Buffer.from(secret.slice('whpk_'.length), 'base64'),
    secrets: [pairs[0].secret, pairs[1].secret, pairs[2].secret],
    bodies: ['contact.created', 'invoice.paid'].map((type) => standardWebhook(type).body),
    sign: async (body, secret, timestampMs) => {
      const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(seconds(timestampMs)) }
      const content = Buffer.concat(standardContent(body, headers).map((part) => Buffer.from(part)))
      const own = pairs.find((pair) => pair.secret === secret) ?? pairs[0]
      return { ...headers, 'webhook-signature': `v1a,${sign(null, content, own.privateKey).toString('base64')}` }
    },
    signed: standardContent,
    withDigest: (headers, digest) => ({ ...headers, 'webhook-signature': `v1,${digest.toString('base64')}` }),
  },
]
