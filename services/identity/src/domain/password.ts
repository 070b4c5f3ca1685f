import { invalidArgument } from '@frontdesk/errors'

const minLength = 12
const maxLength = 256
const repeatedPattern = /^(.{1,3})\1+$/u

/** One writing for what a person types on different keyboards. */
export function normalizePassword(text: string): string {
  return text.normalize('NFKC')
}

/**
 * The password, if it can protect an account: length alone decides, and that it is not the address itself.
 * @throws FrontdeskError invalid_argument.
 */
export function checkNewPassword(text: string, email: string): string {
  const password = normalizePassword(text)
  const length = Array.from(password).length
  if (length < minLength || length > maxLength || !isPossiblePassword(text))
    throw invalidArgument(`password: give ${minLength} to ${maxLength} characters`)
  const lower = password.toLowerCase()
  if (lower.includes(email) || repeatedPattern.test(lower))
    throw invalidArgument('password: your address, or one pattern repeated, is too easy to guess')
  return password
}

/** Whether it is short enough to be worth a hash at all. */
export function isPossiblePassword(text: string): boolean {
  return text.length > 0 && text.length <= maxLength * 2
}
