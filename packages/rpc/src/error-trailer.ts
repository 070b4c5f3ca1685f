import { errorCodes, FrontdeskError, type ErrorCode } from '@frontdesk/errors'
import type { Metadata } from 'nice-grpc-common'

const codeKey = 'frontdesk-code'
const retryableKey = 'frontdesk-retryable'
const retryAfterKey = 'frontdesk-retry-after-ms'

/** Writes what a gRPC status can not say of an error; its public text travels as the status details. */
export function writeError(trailer: Metadata, error: FrontdeskError): void {
  trailer.set(codeKey, error.code)
  trailer.set(retryableKey, String(error.retryable))
  if (error.retryAfterMs !== undefined) trailer.set(retryAfterKey, String(error.retryAfterMs))
}

/** The error that a server of ours wrote into its trailer; undefined if none did. */
export function readError(trailer: Metadata, publicMessage: string, cause: unknown): FrontdeskError | undefined {
  const code = trailer.get(codeKey)
  if (code === undefined || !isErrorCode(code)) return undefined
  const retryAfterMs = Number(trailer.get(retryAfterKey))
  return new FrontdeskError(code, {
    publicMessage,
    cause,
    retryable: trailer.get(retryableKey) === 'true',
    ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
  })
}

function isErrorCode(text: string): text is ErrorCode {
  return errorCodes.some((code) => code === text)
}
