import { FrontdeskError } from '@frontdesk/errors'

/** What a value that can't be opened is answered with; the detail names keys and places, and no bytes. */
export function unreadable(detail: string, cause?: unknown): FrontdeskError {
  return new FrontdeskError('internal', { publicMessage: 'A stored secret can’t be read.', detail, cause })
}
