import { fastify } from 'fastify'
import { isSigned } from './retell-signature.ts'

/** What became of one event. */
export interface Answer {
  readonly accepted: number
  readonly duplicates: number
}

interface RetellBody {
  readonly event: string
  readonly call: { readonly call_id: string }
}

/** The least server for signed webhooks: proves and parses each, and answers what `keep` says. */
export async function serveBare(keep: (body: RetellBody, rawBody: Buffer) => Answer | Promise<Answer>): Promise<void> {
  const { HTTP_PORT: port, RETELL_API_KEY: apiKey = '' } = process.env
  const app = fastify({ logger: false, bodyLimit: 64 * 1_024 })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.get('/readyz', () => ({ ready: true }))
  app.post<{ Body: Buffer }>('/v1/webhooks/retell', async ({ headers, body }, reply) => {
    if (!isSigned(headers['x-retell-signature'], body, apiKey)) return reply.code(401).send({ code: 'signature_invalid' })
    return keep(JSON.parse(body.toString('utf8')) as RetellBody, body)
  })
  await app.listen({ host: '127.0.0.1', port: Number(port), backlog: 4_096 })
}
