import { z } from 'zod'
import { graphError } from './errors.ts'

const parameter = z.looseObject({ type: z.string() })
const component = z.looseObject({ type: z.string(), parameters: z.array(parameter).default([]) })

const common = {
  messaging_product: z.literal('whatsapp'),
  recipient_type: z.literal('individual').optional(),
  to: z.string().min(1).optional(),
  /** A user's id within our business; `to` goes before it. */
  recipient: z.string().min(1).optional(),
  biz_opaque_callback_data: z.string().max(512).optional(),
  context: z.looseObject({ message_id: z.string() }).optional(),
}

const schema = z.discriminatedUnion('type', [
  z.object({
    ...common,
    type: z.literal('text').default('text'),
    text: z.object({ body: z.string().min(1).max(4_096), preview_url: z.boolean().optional() }),
  }),
  z.object({
    ...common,
    type: z.literal('template'),
    template: z.looseObject({
      name: z.string().min(1).max(512),
      language: z.looseObject({ code: z.string().min(2) }),
      components: z.array(component).default([]),
    }),
  }),
])

/** A message that somebody wants sent. */
export type MessageRequest = z.output<typeof schema>

/** @throws ProviderError in Meta's words: 131051 for a kind of message that is not here, 100 for everything else. */
export function readMessage(body: Buffer): MessageRequest {
  const json = parseJson(body)
  const { type } = json as { type?: unknown }
  if (type !== undefined && type !== 'text' && type !== 'template')
    throw graphError(131051, `Message type ${JSON.stringify(type)} is not emulated.`)
  const result = schema.safeParse(json)
  if (!result.success) throw graphError(100, result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '))
  if (result.data.to === undefined && result.data.recipient === undefined) throw graphError(100, 'The parameter to is required.')
  return result.data
}

function parseJson(body: Buffer): object {
  try {
    const json: unknown = JSON.parse(body.toString())
    if (typeof json === 'object' && json !== null) return json
  } catch {
    // Answered below.
  }
  throw graphError(100, 'The body is no JSON object.')
}
