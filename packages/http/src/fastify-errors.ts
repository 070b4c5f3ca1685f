import { type ErrorCode, FrontdeskError, toFrontdeskError } from '@frontdesk/errors'

/** What fastify itself refuses, in our codes; any other error as it is. */
export function fromFastify(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  if (error.code === 'ECONNRESET') {
    return new FrontdeskError('cancelled', { publicMessage: 'The caller went away before the request was complete.', cause: error })
  }
  if (!error.code.startsWith('FST_ERR_') || !('statusCode' in error) || typeof error.statusCode !== 'number') return error
  if (error.statusCode === 413) {
    return new FrontdeskError('payload_too_large', { publicMessage: 'The body is larger than this route takes.', cause: error })
  }
  if (error.statusCode >= 500) return error
  return new FrontdeskError('invalid_argument', { publicMessage: 'The request can not be read.', detail: error.message, cause: error })
}

/** The code that the error of a request is answered with. */
export function codeOf(error: unknown): ErrorCode {
  return toFrontdeskError(fromFastify(error)).code
}
