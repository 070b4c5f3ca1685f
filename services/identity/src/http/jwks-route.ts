import type { PublicJwk } from '@frontdesk/rpc'
import type { FastifyInstance } from 'fastify'

/** `GET /.well-known/jwks.json`: the public keys of caller tokens. */
export function registerJwksRoute(server: FastifyInstance, published: () => PublicJwk[]): void {
  server.get('/.well-known/jwks.json', (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=5')
      .type('application/jwk-set+json')
      .send(Buffer.from(JSON.stringify({ keys: published() }))),
  )
}
