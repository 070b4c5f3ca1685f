import { FrontdeskError } from '@frontdesk/errors'

const defaultPageSize = 50
const pageSizeMax = 200

/**
 * The number of rows that a list request asks for; 50 when it names none.
 * @throws FrontdeskError `invalid_argument` above 200.
 */
export function pageSizeOf(requested: number): number {
  if (requested > pageSizeMax) throw new FrontdeskError('invalid_argument', { publicMessage: `page_size: at most ${pageSizeMax}.` })
  return requested === 0 ? defaultPageSize : requested
}
