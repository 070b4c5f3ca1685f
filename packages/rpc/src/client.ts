import { Channel, ChannelCredentials } from '@grpc/grpc-js'
import { createClientFactory, type Client, type TsProtoServiceDefinition } from 'nice-grpc'
import { deadlineMiddleware } from 'nice-grpc-client-middleware-deadline'
import { call } from './client-middleware.ts'
import type { RpcCallOptions, RpcClientOptions } from './client-options.ts'

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
