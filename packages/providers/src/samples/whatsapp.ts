import type { JsonObject } from '../json.ts'
import { sampleNumber, whatsappDefaults } from '../whatsapp/samples.ts'
import { signWhatsapp, whatsappSignatureHeader } from '../whatsapp/signature.ts'
import { replaceMembers, type LiveSamples } from './live-sample.ts'

export const whatsappSamples: LiveSamples = {
  secret: 'platform',
  events: [
    'text',
    'image',
    'audio',
    'video',
    'document',
    'sticker',
    'location',
    'contacts',
    'button',
    'interactive',
    'reaction',
    'order',
    'unsupported',
    'system',
    'sent',
    'delivered',
    'read',
    'failed',
    'played',
    'message_template_status_update',
    'account_update',
    'user_id_update',
  ],
  body(event, { whatsapp }, { happenedAt, nonce }) {
    const seconds = Math.floor(happenedAt.getTime() / 1_000)
    const adapt = (part: JsonObject): JsonObject => ({
      ...part,
      ...('id' in part && { id: `wamid.${Buffer.from(nonce).toString('base64')}` }),
      ...('timestamp' in part && { timestamp: String(seconds) }),
    })
    return replaceMembers(whatsappDefaults(event, whatsapp ?? sampleNumber, adapt), (name, value) => (name === 'time' ? seconds : value))
  },
  sign: (body, secret) => ({ [whatsappSignatureHeader]: signWhatsapp(body, secret) }),
}
