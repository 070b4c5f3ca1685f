import { FrontdeskError } from '@frontdesk/errors'

/** The error of an argument that can't be taken; the message names the field and what it must be. */
export function invalid(publicMessage: string): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage })
}
