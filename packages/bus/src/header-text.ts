/** Longest text attribute, in characters: ids of providers are far shorter, and columns end somewhere. */
const longestText = 255

/** The text as a CloudEvents header value: space, `"`, `%` and all outside of printable ASCII as percent-encoded UTF-8. */
export function encodeText(name: string, text: string): string {
  checkText(name, text)
  return text.replace(/[^\x21\x23\x24\x26-\x7e]+/gu, (part) =>
    [...Buffer.from(part, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

/** The text that a header value stands for. @throws TypeError if it stands for none that `encodeText` takes. */
export function decodeText(name: string, value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new TypeError(`${name} has characters outside of printable ASCII`)
  let text: string
  try {
    text = decodeURIComponent(value)
  } catch (cause) {
    throw new TypeError(`${name} is not percent-encoded UTF-8`, { cause })
  }
  checkText(name, text)
  return text
}

function checkText(name: string, text: string): void {
  if (text.length === 0 || text.length > longestText) throw new TypeError(`${name} has ${text.length} characters, not 1 to ${longestText}`)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw new TypeError(`${name} has control characters`)
  if (!text.isWellFormed()) throw new TypeError(`${name} has half a surrogate pair`)
}
