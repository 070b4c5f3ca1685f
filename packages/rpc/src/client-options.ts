import type { CompanyId } from '@frontdesk/contracts'
import type { Telemetry } from '@frontdesk/telemetry'
import type { TsProtoServiceDefinition } from 'nice-grpc'
import type { TokenSource } from './token-issuer.ts'

/** What one call may set for itself. */
export interface RpcCallOptions {
  /** The companies of the call's token; the client's when left out. */
  companies?: readonly CompanyId[] | 'all'
  /** The person or program in whose name we call. */
  actor?: string
  /** The client's when left out; a call never runs without one. */
  deadlineMs?: number
}

/** What a client needs; the limits have defaults. */
export interface RpcClientOptions<Definition extends TsProtoServiceDefinition> {
  /** `host:port`, whose addresses are all used in turn, or a gRPC target such as `ipv4:10.0.0.1:50051,10.0.0.2:50051`. */
  readonly address: string
  readonly issuer: TokenSource
  /** The name of the service that is called, for the token. */
  readonly audience: string
  readonly companies?: readonly CompanyId[] | 'all'
  readonly telemetry: Telemetry
  /** For the whole call with its retries; 2 s when left out. */
  readonly deadlineMs?: number
  /** The methods that may run twice: they are tried again when a server is unavailable. */
  readonly retryMethods?: readonly (keyof Definition['methods'] & string)[]
  /** The largest message either way, in bytes; 4 MiB when left out. */
  readonly maxMessageBytes?: number
}
