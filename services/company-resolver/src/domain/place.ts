import { invalidArgument } from '@frontdesk/errors'

/** What a company and each of its branches are called, and by which clock they work. */
export interface Place {
  readonly name: string
  /** IANA, such as `Europe/Berlin`. */
  readonly timeZone: string
}

/** What is to change of a place; what is undefined stays. */
export interface PlaceChange {
  readonly name?: string | undefined
  readonly timeZone?: string | undefined
}

const maxNameLength = 200

/**
 * A place in its one form.
 * @throws FrontdeskError invalid_argument.
 */
export function checkPlace(draft: Place): Place {
  const name = draft.name.trim()
  if (name === '' || name.length > maxNameLength || /\p{Cc}/u.test(name))
    throw invalidArgument(`name: give 1 to ${maxNameLength} printable characters`)
  if (!isTimeZone(draft.timeZone)) throw invalidArgument('time_zone: give an IANA time zone, such as Europe/Berlin')
  return { name, timeZone: draft.timeZone }
}

/**
 * The place with what is given of a change; itself if that changes nothing.
 * @throws FrontdeskError invalid_argument.
 */
export function changePlace<Changed extends Place>(place: Changed, change: PlaceChange): Changed {
  const { name, timeZone } = checkPlace({ name: change.name ?? place.name, timeZone: change.timeZone ?? place.timeZone })
  return name === place.name && timeZone === place.timeZone ? place : { ...place, name, timeZone }
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
