import { invalidArgument } from '@frontdesk/errors'

/** A company that Frontdesk serves, until it is deactivated. */
export interface Company {
  readonly id: string
  readonly name: string
  /** IANA, such as `Europe/Berlin`. */
  readonly timeZone: string
  readonly createdAt: Date
  readonly deactivatedAt: Date | undefined
}

const maxNameLength = 200

/**
 * A company as it begins.
 * @throws FrontdeskError invalid_argument.
 */
export function newCompany(draft: Pick<Company, 'id' | 'name' | 'timeZone' | 'createdAt'>): Company {
  const name = draft.name.trim()
  if (name === '' || name.length > maxNameLength || /\p{Cc}/u.test(name))
    throw invalidArgument(`name: give 1 to ${maxNameLength} printable characters`)
  if (!isTimeZone(draft.timeZone)) throw invalidArgument('time_zone: give an IANA time zone, such as Europe/Berlin')
  return { id: draft.id, name, timeZone: draft.timeZone, createdAt: draft.createdAt, deactivatedAt: undefined }
}

function isTimeZone(text: string): boolean {
  // Intl also takes offsets such as +01:00, which know no daylight saving.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(text)) return false
  try {
    Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}
