import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ConnectionSecretsCache } from '../app/connection-secrets.ts'
import type { RefusalLog } from '../app/ports.ts'
import { isConnectionId } from '../domain/delivery.ts'

export interface WhatsappHandshakeDependencies {
  /** What the settings of the platform's app at Meta say, too; those of a connection's own app say what is derived of it. */
  readonly verifyToken: string
  readonly connections: Pick<ConnectionSecretsCache, 'get' | 'ask'>
  readonly refusals: RefusalLog
  readonly clock: () => Date
}

interface Handshake {
  Querystring: Record<string, unknown>
  Params: { connectionId?: string }
}

// Meta sends digits. What is echoed must not be anything that a browser could take for more than a text.
const challengePattern = /^[\w-]{1,128}$/

/** `GET /v1/webhooks/whatsapp` and `/{connectionId}`: Meta asks whether the URL is ours, and takes its own challenge for a yes. */
export function registerWhatsappHandshake(server: FastifyInstance, deps: WhatsappHandshakeDependencies): void {
  const { verifyToken, connections } = deps

  /** Asked after the token alone, so that a stranger's ids cost the directory nothing. */
  async function isOurs(connectionId: string): Promise<boolean> {
    if (!isConnectionId(connectionId)) return false
    const connection = connections.get(connectionId) ?? (await connections.ask(connectionId, 0))
    return connection?.provider === 'whatsapp' && connection.secrets.length > 0
  }

  const answer = async ({ query, params: { connectionId }, ip: address }: FastifyRequest<Handshake>, reply: FastifyReply) => {
    const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = query
    const expected = connectionId === undefined ? verifyToken : connectionVerifyToken(verifyToken, connectionId)
    const isProven = mode === 'subscribe' && typeof token === 'string' && isSame(token, expected)
    if (!isProven || (connectionId !== undefined && !(await isOurs(connectionId)))) {
      const code = 'permission_denied'
      deps.refusals.record({ provider: 'whatsapp', connectionId, code, address, at: deps.clock() })
      throw new FrontdeskError(code, { publicMessage: 'This is no subscription with the verify token that we have.' })
    }
    if (typeof challenge !== 'string' || !challengePattern.test(challenge)) {
      throw new FrontdeskError('invalid_argument', { publicMessage: 'hub.challenge: give 1 to 128 letters, digits, _ or -' })
    }
    return reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(challenge)
  }
  for (const path of ['/v1/webhooks/whatsapp', '/v1/webhooks/whatsapp/:connectionId']) {
    server.get<Handshake>(path, { exposeHeadRoute: false }, answer)
  }
}

/** One for each connection, so that no company learns the platform's. */
function connectionVerifyToken(verifyToken: string, connectionId: string): string {
  return createHmac('sha256', verifyToken).update(connectionId).digest('hex')
}

/** Takes as long whatever the texts are, their lengths included. */
function isSame(a: string, b: string): boolean {
  const digestOf = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digestOf(a), digestOf(b))
}
