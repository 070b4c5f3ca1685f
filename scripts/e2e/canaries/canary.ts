/** A text or key of which nobody but its owner may find a copy. */
export interface Canary {
  readonly name: string
  readonly bytes: Buffer
}

/** One way in which a canary can be written. */
export interface Form {
  readonly canary: string
  readonly form: string
  readonly bytes: Buffer
}

const pieceLength = 16
const pieceEvery = 8

/** The pieces of a secret text, since what keeps a part of it, as a cut column does, gives most of it away. */
export function textCanaries(name: string, text: string): Canary[] {
  return piecesOf(name, Buffer.from(text))
}

/** A key that travels as base64: the text, and the bytes that it stands for. */
export function base64Canaries(name: string, base64: string): Canary[] {
  return [...textCanaries(name, base64), ...keyCanaries(`${name}, decoded`, Buffer.from(base64, 'base64'))]
}

/** A key that is no text. */
export function keyCanaries(name: string, key: Buffer): Canary[] {
  return piecesOf(name, key)
}

/** Whatever holds 24 bytes of it, from wherever, holds one of them. */
function piecesOf(name: string, bytes: Buffer): Canary[] {
  const last = Math.max(0, bytes.length - pieceLength)
  const starts = [...Array.from({ length: Math.ceil(last / pieceEvery) }, (_, index) => index * pieceEvery), last]
  return starts.map((start) => ({ name, bytes: bytes.subarray(start, start + pieceLength) }))
}

/** The canary as it is, and as programs write bytes and texts; each writing once. */
export function formsOf({ name, bytes }: Canary): Form[] {
  const text = bytes.toString()
  const written: [form: string, bytes: string | Buffer][] = [
    ['as it is', bytes],
    ['hex', bytes.toString('hex')],
    ['HEX', bytes.toString('hex').toUpperCase()],
    ...[0, 1, 2].flatMap((before): [string, string][] => [
      [`base64 after ${before}`, withinBase64(bytes, before, 'base64')],
      [`base64url after ${before}`, withinBase64(bytes, before, 'base64url')],
    ]),
  ]
  if (Buffer.from(text).equals(bytes)) {
    written.push(['percent-encoded', encodeURIComponent(text)])
    written.push(['JSON', JSON.stringify(text).slice(1, -1)], ['JSON in JSON', JSON.stringify(JSON.stringify(text)).slice(3, -3)])
  }
  const forms = written.map(([form, value]) => ({ canary: name, form, bytes: Buffer.from(value) }))
  return [...new Map(forms.toReversed().map((form) => [form.bytes.toString('latin1'), form])).values()].toReversed()
}

/** What of a longer base64 text these bytes alone decide, when so many bytes (mod 3) stand before them. */
function withinBase64(bytes: Buffer, before: number, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding)
  return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6))
}
