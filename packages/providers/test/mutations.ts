import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import type { Headers, Signer } from './signers.ts'

/** A request and the secrets that it is checked with. */
export interface Attempt {
  readonly headers: Headers
  readonly body: Buffer
  readonly secrets: readonly string[]
}

/** What somebody without the secret, or with an old recording, makes of a signed request. */
export type Mutation = (signer: Signer, valid: Attempt, nowMs: number) => Attempt | Promise<Attempt>

const flip = (bytes: Buffer, bit: number): Buffer => {
  const flipped = Buffer.from(bytes)
  const at = bit % (flipped.length * 8)
  flipped.writeUInt8(flipped.readUInt8(at >> 3) ^ (1 << (at & 7)), at >> 3)
  return flipped
}
const spliced = (bytes: Buffer, at: number, removed: number, added: Uint8Array): Buffer => {
  const start = at % (bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, start), added, bytes.subarray(start + removed)])
}
const withBody = (valid: Attempt, body: Buffer): Attempt => ({ ...valid, body })
const withHeader = (valid: Attempt, name: string, value: string | undefined): Attempt => ({
  ...valid,
  headers: { ...valid.headers, [name]: value },
})
/** One of the headers that are there, by a number. */
const pick = ({ headers }: Attempt, n: number): [name: string, value: string] => {
  const entries = Object.entries(headers)
  const [name = '', value = ''] = entries[n % entries.length] ?? []
  return [name, value]
}
const swapCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()))

const serializers: readonly ((json: unknown, text: string) => string)[] = [
  (json) => JSON.stringify(json, null, 2),
  (json) => JSON.stringify(json, null, '\t'),
  (json) => JSON.stringify(Object.fromEntries(Object.entries(json as object).toReversed())),
  (json) => JSON.stringify(json).replace(/[a-z]/, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`),
  (json) => JSON.stringify({ ...(json as object), added: null }),
  (json) => JSON.stringify([json]),
  (_json, text) => ` ${text}`,
  (_json, text) => `${text}\n`,
  (_json, text) => `\uFEFF${text}`,
  (_json, text) => text.replace(':', ': '),
  (_json, text) => text.replaceAll('"', "'"),
  (_json, text) => Buffer.from(text).toString('base64'),
  (_json, text) => encodeURIComponent(text),
]

/** Digests that are none of HMAC-SHA-256 by the secret over what is signed. */
const wrongDigests: readonly ((key: string | Buffer, content: Buffer, body: Buffer) => Buffer)[] = [
  (key, content) => createHmac('sha1', key).update(content).digest(),
  (key, content) => createHmac('sha512', key).update(content).digest(),
  (key, content) => createHmac('sha512', key).update(content).digest().subarray(0, 32),
  (key, content) => createHmac('sha3-256', key).update(content).digest(),
  (_key, content) => createHash('sha256').update(content).digest(),
  (key, content) => createHash('sha256').update(key).update(content).digest(),
  (key, content) => createHash('sha256').update(content).update(key).digest(),
  (key, content) => createHmac('sha256', content).update(key).digest(),
  (_key, content) => createHmac('sha256', '').update(content).digest(),
  (key) => createHmac('sha256', key).digest(),
  (key, content) => createHmac('sha256', key).update(content).update('\n').digest(),
  (key, content) => createHmac('sha256', key).update(content.toString('base64')).digest(),
  (key, content) => createHmac('sha256', createHash('sha256').update(key).digest()).update(content).digest(),
  (key, content) => createHmac('sha256', key).update(createHash('sha256').update(content).digest()).digest(),
  (key, content) => createHmac('sha256', key).update(content).digest().toReversed() as Buffer,
  () => Buffer.alloc(32),
  () => Buffer.alloc(0),
  () => Buffer.alloc(32, 0xff),
]

/** Secrets that are near the right one, or that everybody has. */
const nearSecrets: readonly ((secret: string, another: string) => string)[] = [
  (_secret, another) => another,
  (secret) => `${secret} `,
  (secret) => `${secret}\n`,
  (secret) => ` ${secret}`,
  (secret) => secret.slice(0, -1),
  (secret) => secret.slice(1),
  (secret) => secret.toUpperCase(),
  (secret) => secret + secret,
  (secret) => Buffer.from(secret).toString('base64'),
  (secret) => secret.replace(/^\w+?_/, ''),
  () => '',
  () => 'undefined',
  () => 'null',
]

const headerTricks: readonly ((value: string, n: number) => string | undefined)[] = [
  () => undefined,
  () => '',
  () => 'no-secret-provided',
  () => 'null',
  (value) => `${value}, ${value}`,
  (value) => `${value},${value}`,
  (value) => `${value};`,
  (value) => ` ${value}`,
  (value) => `${value} `,
  (value) => `${value}\t`,
  (value) => `${value}\r\n`,
  (value) => `"${value}"`,
  (value) => encodeURIComponent(`${value}%`),
  (value) => value.replace(/[=,]/, ''),
  (value) => value.replace(/[=,]/, '=='),
  (value) => value.replace('=', ':'),
  (value) => value.replace(/v1\b/, 'v0'),
  (value) => value.replace(/sha256|v1|v=/, 'sha1'),
  (value) => value.replace(/\d/, (digit) => `0${digit}`),
  (value) => value.replace(/\d/, (digit) => `${digit}.0`),
  (value) => value.replace(/\d/, (digit) => `+${digit}`),
  (value) => value.replace(/\d+/, (digits) => `${digits}abc`),
  (value) => value.replace(/\d/, '\u0661'),
  (value, n) => value.slice(0, n % value.length),
  (value, n) => value.slice((n % value.length) + 1),
  (value) => Buffer.from(value).toString('base64'),
  (value) => value.toUpperCase(),
  (value) => swapCase(value),
  (value) => value.replaceAll(/[0-9a-f]{64}/gi, '0'.repeat(64)),
]

const nat = fc.nat({ max: 1_000_000 })
const skew = fc.oneof(fc.constantFrom(301, -301), fc.integer({ min: 301, max: 100_000_000 }), fc.integer({ min: -100_000_000, max: -301 }))

/** Each kind as often as another. */
export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  nat.map(
    (bit): Mutation =>
      (_signer, valid) =>
        withBody(valid, flip(valid.body, bit)),
  ),
  nat.map((n): Mutation => (_signer, valid) => {
    const [name, value] = pick(valid, n)
    return withHeader(valid, name, flip(Buffer.from(value), n >> 2).toString('latin1'))
  }),
  fc.constantFrom(...serializers).map((serialize): Mutation => (_signer, valid) => {
    const text = valid.body.toString()
    return withBody(valid, Buffer.from(serialize(JSON.parse(text), text)))
  }),
  fc.tuple(nat, fc.nat({ max: 40 }), fc.uint8Array({ maxLength: 40 })).map(
    ([at, removed, added]): Mutation =>
      (_signer, valid) =>
        withBody(valid, spliced(valid.body, at, removed, added)),
  ),
  nat.map(
    (length): Mutation =>
      (_signer, valid) =>
        withBody(valid, valid.body.subarray(0, length % valid.body.length)),
  ),
  // A recording, signed as it should be, too late or from a clock that is ahead.
  skew.map((offSeconds): Mutation => async (signer, valid, nowMs) => {
    if (!signer.timed) return withBody(valid, Buffer.concat([valid.body, Buffer.from(String(offSeconds))]))
    return { ...valid, headers: await signer.sign(valid.body, signer.secrets[0], nowMs + offSeconds * 1_000) }
  }),
  // The timestamp moved without the signature.
  skew.map((offSeconds): Mutation => (_signer, valid, nowMs) => ({
    ...valid,
    headers: Object.fromEntries(
      Object.entries(valid.headers).map(([name, value]) => [
        name,
        value
          ?.replace(/\b\d{13}\b/, String(nowMs + offSeconds))
          .replace(/\b\d{10}\b/, String(Math.floor(nowMs / 1_000) + (offSeconds % 290) + 300)),
      ]),
    ),
  })),
  fc.constantFrom(...nearSecrets).map((near): Mutation => async (signer, valid, nowMs) => {
    const [own, , another] = signer.secrets
    const content = Buffer.concat(signer.signed(valid.body, await signer.sign(valid.body, own, nowMs)).map((part) => Buffer.from(part)))
    const digest = createHmac('sha256', signer.keyOf(near(own, another)))
      .update(content)
      .digest()
    return { ...valid, headers: signer.withDigest(valid.headers, digest) }
  }),
  fc.constantFrom(...wrongDigests).map((digestOf): Mutation => (signer, valid) => {
    const content = Buffer.concat(signer.signed(valid.body, valid.headers).map((part) => Buffer.from(part)))
    return { ...valid, headers: signer.withDigest(valid.headers, digestOf(signer.keyOf(signer.secrets[0]), content, valid.body)) }
  }),
  fc.tuple(fc.constantFrom(...headerTricks), nat).map(([trick, n]): Mutation => (_signer, valid) => {
    const [name, value] = pick(valid, n)
    return withHeader(valid, name, trick(value, n))
  }),
  // A valid signature on another company's path, and one of an event that is another's.
  fc.constant<Mutation>((signer, valid) => ({ ...valid, secrets: [signer.secrets[2]] })),
  fc.constant<Mutation>((_signer, valid) => ({ ...valid, secrets: [] })),
  // A secret that nobody has set: anyone can sign with an empty key.
  fc.constant<Mutation>((signer, valid) => {
    const content = Buffer.concat(signer.signed(valid.body, valid.headers).map((part) => Buffer.from(part)))
    return { ...valid, secrets: [''], headers: signer.withDigest(valid.headers, createHmac('sha256', '').update(content).digest()) }
  }),
  nat.map((n): Mutation => async (signer, valid, nowMs) => {
    const others = signer.bodies.filter((body) => !body.equals(valid.body))
    return { ...valid, headers: await signer.sign(others[n % others.length] as Buffer, signer.secrets[0], nowMs) }
  }),
)
