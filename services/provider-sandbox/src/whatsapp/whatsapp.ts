import { createHmac } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { type Clock, secondsOf } from '../shared/clock.ts'
import { jsonOrText } from '../shared/json.ts'
import type { ProviderApi } from '../shared/provider-server.ts'
import { sameText } from '../shared/same-text.ts'
import type { Webhooks } from '../shared/webhooks.ts'
import { inboundEnvelope, type InboundMessage, statusEnvelope } from './envelopes.ts'
import { graphError, whatsappFailures } from './errors.ts'
import { readMessage } from './request.ts'
import { acceptedMessage, isNumber, newMessageId } from './sending.ts'
import { digitsOf, emptyState, type MessageStatus, type SentMessage, type WhatsappState, windowKey, withStatus } from './state.ts'

/** The emulated WhatsApp Cloud API. */
export interface WhatsappSandbox {
  readonly api: ProviderApi
  readonly state: WhatsappState
  /** A user writes to one of our numbers, which opens his window; the id of his message. */
  receive(message: Omit<InboundMessage, 'id'>, windowUser: string | undefined): string
  /** Tells of a message's next status; undefined if there is no such message. */
  report(id: string, status: MessageStatus, errorCode?: number): SentMessage | undefined
  /** What follows the next accepted messages by itself. */
  automaticStatuses: readonly MessageStatus[]
}

export interface WhatsappSandboxOptions {
  readonly accessToken: string
  readonly appSecret: string
  readonly webhooks: Webhooks
  readonly now: Clock
}

/** What follows an accepted message by itself. */
export const automaticStatuses: readonly MessageStatus[] = ['sent', 'delivered']

/** Of a number whose account nobody has told. */
const unknownAccount = '100000000000000'

export function createWhatsappSandbox({ accessToken, appSecret, webhooks, now }: WhatsappSandboxOptions): WhatsappSandbox {
  const state = emptyState()

  const send = (envelope: object): void => {
    // Meta escapes every character beyond ASCII; whoever signs a body that it wrote anew gets another signature.
    const body = JSON.stringify(envelope).replaceAll(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const signature = createHmac('sha256', appSecret).update(body).digest('hex')
    webhooks.send({
      provider: 'whatsapp',
      path: '/v1/webhooks/whatsapp',
      body,
      headers: () => ({ 'x-hub-signature-256': `sha256=${signature}` }),
    })
  }

  const sandbox: WhatsappSandbox = {
    state,
    automaticStatuses,
    receive(message, windowUser) {
      const id = newMessageId()
      const { phoneNumberId, businessAccountId, fromUserId } = message
      state.accounts.set(phoneNumberId, businessAccountId)
      for (const user of [windowUser && digitsOf(windowUser), fromUserId]) {
        if (user !== undefined && user !== '') state.windows.set(windowKey(phoneNumberId, user), now().getTime())
      }
      send(inboundEnvelope({ ...message, id }, secondsOf(now())))
      return id
    },
    report(id, status, errorCode) {
      const message = state.messages.get(id)
      if (!message) return undefined
      const reported = withStatus(message, status)
      state.messages.set(id, reported)
      send(statusEnvelope(state.accounts.get(message.phoneNumberId) ?? unknownAccount, message, status, secondsOf(now()), errorCode))
      return reported
    },
    api: {
      name: 'whatsapp',
      failures: whatsappFailures,
      parseBody: (body) => jsonOrText(body),
      register(server) {
        server.addHook('preHandler', async (request) => authorize(request, accessToken))
        server.post<{ Params: { version: string; phoneNumberId: string } }>('/:version/:phoneNumberId/messages', (request, reply) => {
          const { version, phoneNumberId } = request.params
          if (!/^v\d+\.\d+$/.test(version)) throw whatsappFailures.notFound(request.method, request.url)
          const wanted = readMessage(request.body as Buffer)
          const message = acceptedMessage(state, phoneNumberId, wanted, newMessageId(), now().getTime())
          state.messages.set(message.id, message)
          for (const status of sandbox.automaticStatuses) sandbox.report(message.id, status)
          const input = wanted.to ?? message.to
          return reply.send({
            messaging_product: 'whatsapp',
            contacts: [{ input, ...(isNumber(message.to) ? { wa_id: message.to } : { user_id: message.to }) }],
            messages: [{ id: message.id, ...(message.type === 'template' && { message_status: 'accepted' }) }],
          })
        })
      },
    },
  }
  return sandbox
}

function authorize({ headers }: FastifyRequest, accessToken: string): void {
  const [scheme, token = ''] = (headers.authorization ?? '').split(' ', 2)
  if (scheme?.toLowerCase() !== 'bearer' || !sameText(token, accessToken)) throw graphError(190)
}
