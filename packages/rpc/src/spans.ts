import { SpanKind, type Attributes } from '@opentelemetry/api'

export const spanKinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const

/** The attributes of a call's span, from its path `/package.Service/Method`. */
export function rpcAttributes(path: string): Attributes {
  const [, service = '', method = ''] = path.split('/')
  return { 'rpc.system': 'grpc', 'rpc.service': service, 'rpc.method': method }
}
