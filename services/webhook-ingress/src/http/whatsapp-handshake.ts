import { createHash, timingSafeEqual } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import type { FastifyInstance } from 'fastify'
import type { RefusalLog } from '../app/ports.ts'

export interface WhatsappHandshakeDependencies {
  /** What the app's settings at Meta say, too. */
  readonly verifyToken: string
  readonly refusals: RefusalLog
  readonly clock: () => Date
}

// Meta sends digits. What is echoed must not be anything that a browser could take for more than a text.
const challengePattern = /^[\w-]{1,128}$/

/** `GET /v1/webhooks/whatsapp`: Meta asks whether the URL is ours, and takes its own challenge for a yes. */
export function registerWhatsappHandshake(server: FastifyInstance, deps: WhatsappHandshakeDependencies): void {
  server.get<{ Querystring: Record<string, unknown> }>('/v1/webhooks/whatsapp', { exposeHeadRoute: false }, (request, reply) => {
    const { 'hub.mode': mode, 'hub.verify_token': token, 'hub.challenge': challenge } = request.query
    if (mode !== 'subscribe' || typeof token !== 'string' || !isSame(token, deps.verifyToken)) {
      const code = 'permission_denied'
      deps.refusals.record({ provider: 'whatsapp', connectionId: undefined, code, address: request.ip, at: deps.clock() })
      throw new FrontdeskError(code, { publicMessage: 'This is no subscription with the verify token that we have.' })
    }
    if (typeof challenge !== 'string' || !challengePattern.test(challenge)) {
      throw new FrontdeskError('invalid_argument', { publicMessage: 'hub.challenge: give 1 to 128 letters, digits, _ or -' })
    }
    return reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(challenge)
  })
}

/** Takes as long whatever the texts are, their lengths included. */
function isSame(a: string, b: string): boolean {
  const digestOf = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digestOf(a), digestOf(b))
}
