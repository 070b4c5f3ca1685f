import { parsePhoneNumberFromString } from 'libphonenumber-js'

const e164 = /^\+[1-9]\d{6,14}$/

/** The number in E.164; undefined unless it names its country and could exist. */
export function toE164(text: string): string | undefined {
  if (e164.test(text)) return text
  const number = parsePhoneNumberFromString(text, { extract: false })
  return number?.isPossible() ? number.number : undefined
}
