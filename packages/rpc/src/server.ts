import { descriptorSet as frontdeskDescriptorSet } from '@frontdesk/contracts'
import type { Telemetry } from '@frontdesk/telemetry'
import { createServer, type ServiceImplementation, type TsProtoServiceDefinition } from 'nice-grpc'
import { HealthDefinition, HealthServiceImpl, HealthState } from 'nice-grpc-server-health'
import { ServerReflection, ServerReflectionService } from 'nice-grpc-server-reflection'
import { abortStreamsOn, authenticate, observe } from './server-middleware.ts'
import type { TokenVerifier } from './token-verifier.ts'

/** What a server needs; the limits have defaults. */
export interface RpcServerOptions {
  readonly telemetry: Telemetry
  readonly verifier: TokenVerifier
  /** What reflection tells of; our own protos when left out. */
  readonly descriptorSet?: Uint8Array
  /** The largest message either way, in bytes; 4 MiB when left out. */
  readonly maxMessageBytes?: number
  /** After this age a connection is closed kindly, so that clients look for new replicas; 45 s when left out. */
  readonly maxConnectionAgeMs?: number
  /** How long disposal waits for calls in flight before it cuts them; 10 s when left out. */
  readonly drainMs?: number
}

/** A gRPC server; its disposal takes no new calls, lets those in flight finish, and cuts what is left. */
export interface RpcServer extends AsyncDisposable {
  /** Adds a service, before `listen`; every call of it needs a verified token. */
  add<Definition extends TsProtoServiceDefinition>(definition: Definition, implementation: ServiceImplementation<Definition>): void
  /** Adds a service whose calls need no token, since each proves itself by what it carries: a login. */
  addOpen<Definition extends TsProtoServiceDefinition>(definition: Definition, implementation: ServiceImplementation<Definition>): void
  /** Listens on `host:port`, port 0 for any, and returns the port. */
  listen(address: string): Promise<number>
}

/** Creates a server with caller tokens, error table, traces, metrics, health and reflection; it has no services yet. */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  const { telemetry, verifier, descriptorSet = frontdeskDescriptorSet, maxMessageBytes = 4 * 1024 ** 2, drainMs = 10_000 } = options
  const server = createServer({
    'grpc.max_connection_age_ms': options.maxConnectionAgeMs ?? 45_000,
    'grpc.max_connection_age_grace_ms': drainMs,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
  })
  const draining = new AbortController()
  const health = HealthState()
  const names: string[] = []
  let listening = false

  server.with(abortStreamsOn(draining.signal)).add(HealthDefinition, HealthServiceImpl(health))
  const open = server.with(observe(telemetry))
  const own = open.with(authenticate(verifier))

  return {
    add(definition, implementation) {
      own.add(definition, implementation)
      names.push(definition.fullName)
    },
    addOpen(definition, implementation) {
      open.add(definition, implementation)
      names.push(definition.fullName)
    },
    async listen(address) {
      server.add(ServerReflectionService, reflectionOnDemand(descriptorSet, [...names, HealthDefinition.fullName]))
      const port = await server.listen(address)
      listening = true
      for (const name of names) health.setStatus('healthy', name)
      return port
    },
    async [Symbol.asyncDispose]() {
      if (!listening) return
      listening = false
      for (const name of ['', ...names]) health.setStatus('unhealthy', name)
      draining.abort()
      const { promise: overdue, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, drainMs)
      await Promise.race([server.shutdown(), overdue])
      clearTimeout(timer)
      // Ends what outlived the limit; nothing is left otherwise.
      server.forceShutdown()
    },
  }
}

/** Reflection that reads the descriptors when somebody first asks: they take longer than all else that a start needs of gRPC. */
function reflectionOnDemand(descriptorSet: Uint8Array, names: string[]): ServiceImplementation<typeof ServerReflectionService> {
  let reflection: ServiceImplementation<typeof ServerReflectionService> | undefined
  return {
    serverReflectionInfo(requests, context) {
      reflection ??= ServerReflection(descriptorSet, names)
      return reflection.serverReflectionInfo(requests, context)
    },
  }
}
