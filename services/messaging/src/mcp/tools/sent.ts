import { FrontdeskError } from '@frontdesk/errors'
import { z } from 'zod'
import type { Answer } from '../call-tool.ts'
import type { DeskMessage } from '../ports.ts'
import { messageLine, messageSchema, presentMessage } from '../present.ts'

export const sentSchema = z.object({
  message: messageSchema,
  already_sent: z.boolean().describe('Nothing was sent now: an earlier call had queued this message.'),
})

/** Sending reaches a person and can't be taken back, but the same call again does nothing. */
export const sendingHints = { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true }

/**
 * What a send answers; a message that is older than the call is an earlier one's.
 * @throws FrontdeskError `failed_precondition` where that one failed, or it would pass for sent.
 */
export function sentAnswer(message: DeskMessage, calledAt: Date): Answer {
  const presented = presentMessage(message)
  const already = message.createdAt.getTime() < calledAt.getTime()
  if (already && message.status === 'failed') {
    throw new FrontdeskError('failed_precondition', {
      publicMessage: `An earlier call queued this, and it failed (${message.failureReason}). To try again, give a new idempotency_key.`,
    })
  }
  const said = already
    ? 'Nothing was sent now, since an earlier call had sent this. To send it again on purpose, give a new idempotency_key.'
    : 'Queued; get_conversation shows what becomes of it.'
  const where = presented.conversation_id === undefined ? '' : ` in ${presented.conversation_id}`
  return { structured: { message: presented, already_sent: already }, text: `${said}\n${messageLine(presented)}${where}` }
}
