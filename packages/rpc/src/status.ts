import type { ErrorCode } from '@frontdesk/errors'
import { Status } from 'nice-grpc-common'

/** The gRPC status of every error code; what is not in it does not compile. */
export const grpcStatusOf: Readonly<Record<ErrorCode, Status>> = {
  malformed_json: Status.INVALID_ARGUMENT,
  invalid_argument: Status.INVALID_ARGUMENT,
  payload_too_large: Status.RESOURCE_EXHAUSTED,
  unsupported_encoding: Status.INVALID_ARGUMENT,
  signature_missing: Status.UNAUTHENTICATED,
  signature_malformed: Status.UNAUTHENTICATED,
  signature_invalid: Status.UNAUTHENTICATED,
  timestamp_out_of_tolerance: Status.UNAUTHENTICATED,
  token_missing: Status.UNAUTHENTICATED,
  token_invalid: Status.UNAUTHENTICATED,
  token_expired: Status.UNAUTHENTICATED,
  permission_denied: Status.PERMISSION_DENIED,
  unknown_connection: Status.NOT_FOUND,
  not_found: Status.NOT_FOUND,
  method_not_allowed: Status.UNIMPLEMENTED,
  already_exists: Status.ALREADY_EXISTS,
  version_conflict: Status.ABORTED,
  failed_precondition: Status.FAILED_PRECONDITION,
  rate_limited: Status.RESOURCE_EXHAUSTED,
  unavailable: Status.UNAVAILABLE,
  deadline_exceeded: Status.DEADLINE_EXCEEDED,
  cancelled: Status.CANCELLED,
  internal: Status.INTERNAL,
}

/** The error code of a gRPC status that came without one of ours: from the transport, a proxy, or another server. */
export const errorCodeOf: Readonly<Record<Exclude<Status, Status.OK>, ErrorCode>> = {
  [Status.CANCELLED]: 'cancelled',
  [Status.UNKNOWN]: 'internal',
  [Status.INVALID_ARGUMENT]: 'invalid_argument',
  [Status.DEADLINE_EXCEEDED]: 'deadline_exceeded',
  [Status.NOT_FOUND]: 'not_found',
  [Status.ALREADY_EXISTS]: 'already_exists',
  [Status.PERMISSION_DENIED]: 'permission_denied',
  // grpc-js answers so when a message is above the limit.
  [Status.RESOURCE_EXHAUSTED]: 'payload_too_large',
  [Status.FAILED_PRECONDITION]: 'failed_precondition',
  [Status.ABORTED]: 'version_conflict',
  [Status.OUT_OF_RANGE]: 'invalid_argument',
  [Status.UNIMPLEMENTED]: 'method_not_allowed',
  [Status.INTERNAL]: 'internal',
  [Status.UNAVAILABLE]: 'unavailable',
  [Status.DATA_LOSS]: 'internal',
  [Status.UNAUTHENTICATED]: 'token_invalid',
}
