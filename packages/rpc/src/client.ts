import type { CompanyId } from '@frontdesk/contracts'
import type { Telemetry } from '@frontdesk/telemetry'
import { Channel, ChannelCredentials } from '@grpc/grpc-js'
import { createClientFactory, type Client, type TsProtoServiceDefinition } from 'nice-grpc'
import { deadlineMiddleware } from 'nice-grpc-client-middleware-deadline'
import { call } from './client-middleware.ts'
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

/** A client: a method per RPC, each of which fails with a FrontdeskError; its disposal closes the connections. */
export type RpcClient<Definition extends TsProtoServiceDefinition> = Client<Definition, RpcCallOptions> & AsyncDisposable

/** Creates a client of a service; it connects with its first call, and again whenever it must. */
export function createRpcClient<Definition extends TsProtoServiceDefinition>(
  definition: Definition,
  options: RpcClientOptions<Definition>,
): RpcClient<Definition> {
  const { address, maxMessageBytes = 4 * 1024 ** 2, retryMethods = [] } = options
  const target = /^(dns|ipv4|ipv6|unix):/.test(address) ? address : `dns:///${address}`
  const channel = new Channel(target, ChannelCredentials.createInsecure(), {
    'grpc.service_config': serviceConfig(definition, retryMethods),
    // A stopped server answers no ping: 5 s + 2 s, then its calls fail and go to another.
    'grpc.keepalive_time_ms': 5_000,
    'grpc.keepalive_timeout_ms': 2_000,
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5_000,
    'grpc.dns_min_time_between_resolutions_ms': 5_000,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  })
  const client = createClientFactory().use(deadlineMiddleware).use(call(options)).create<Definition>(definition, channel)
  return Object.assign(client, {
    [Symbol.asyncDispose]: () => {
      channel.close()
      return Promise.resolve()
    },
  })
}

/** gRPC's own balancing and retry: jittered, at most 4 attempts, and only while nothing of an answer has come. */
function serviceConfig(definition: TsProtoServiceDefinition, retryMethods: readonly string[]): string {
  const name = retryMethods.map((method) => ({ service: definition.fullName, method: definition.methods[method]?.name }))
  const retryPolicy = {
    maxAttempts: 4,
    initialBackoff: '0.1s',
    maxBackoff: '1s',
    backoffMultiplier: 2,
    retryableStatusCodes: ['UNAVAILABLE'],
  }
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length === 0 ? [] : [{ name, retryPolicy }],
  })
}
