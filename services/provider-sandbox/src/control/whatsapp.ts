import { FrontdeskError } from '@frontdesk/errors'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { digitsOf, type MessageStatus, templateKey } from '../whatsapp/state.ts'
import type { WhatsappSandbox } from '../whatsapp/whatsapp.ts'
import { jsonBody } from './input.ts'

const inboundSchema = z
  .strictObject({
    phoneNumberId: z.string().min(1),
    businessAccountId: z.string().min(1),
    from: z.string().regex(/\d/, 'must hold digits').optional(),
    name: z.string().default('Guest'),
    text: z.string().min(1).max(4_096),
    fromUserId: z.string().min(1).optional(),
    withoutFrom: z.boolean().default(false),
  })
  .refine(
    ({ from, withoutFrom, fromUserId }) => (withoutFrom ? fromUserId : from) !== undefined,
    'who wrote it? from, or fromUserId withoutFrom',
  )
const templateSchema = z.strictObject({ name: z.string().min(1), language: z.string().min(2), parameterCount: z.int().min(0).default(0) })
const accountSchema = z.strictObject({ phoneNumberId: z.string().min(1), businessAccountId: z.string().min(1) })
const failSchema = z.strictObject({ code: z.int().default(131_026) })
const automaticSchema = z.strictObject({ statuses: z.array(z.enum(['sent', 'delivered', 'read'])) })

/** WhatsApp's state, and what users and Meta do. */
export function registerWhatsappControl(server: FastifyInstance, whatsapp: WhatsappSandbox): void {
  const { state } = whatsapp
  server.get('/state/whatsapp', () => ({ messages: [...state.messages.values()] }))
  server.post('/whatsapp/inbound', (request) => {
    const { from, withoutFrom, fromUserId, ...message } = jsonBody(request, inboundSchema)
    const shown = withoutFrom || from === undefined ? undefined : digitsOf(from)
    return { messageId: whatsapp.receive({ ...message, from: shown, fromUserId }, from) }
  })
  server.post('/whatsapp/templates', (request) => {
    const template = jsonBody(request, templateSchema)
    state.templates.set(templateKey(template.name, template.language), template)
    return { templates: [...state.templates.values()] }
  })
  server.put('/whatsapp/accounts', (request) => {
    const { phoneNumberId, businessAccountId } = jsonBody(request, accountSchema)
    state.accounts.set(phoneNumberId, businessAccountId)
    return { phoneNumberId, businessAccountId }
  })
  server.put('/whatsapp/automatic-statuses', (request) => {
    const { statuses } = jsonBody(request, automaticSchema)
    whatsapp.automaticStatuses = statuses
    return { statuses }
  })
  for (const [action, status] of [
    ['sent', 'sent'],
    ['delivered', 'delivered'],
    ['read', 'read'],
    ['fail', 'failed'],
  ] as const satisfies [string, MessageStatus][]) {
    server.post<{ Params: { id: string } }>(`/whatsapp/messages/:id/${action}`, (request) => {
      const code = status === 'failed' ? jsonBody(request, failSchema).code : undefined
      const message = whatsapp.report(request.params.id, status, code)
      if (!message) throw new FrontdeskError('not_found', { publicMessage: 'There is no such message.' })
      return { message }
    })
  }
}
