import { FrontdeskError } from '@frontdesk/errors'

/** An event that can't be used now can't be used later: it is dead at once. */
export function invalid(detail: string): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage: 'The event lacks what a message needs.', detail })
}

/** What `provider_message_id`, `phone_number_id` and an identity's `value` hold, in bytes. */
export const bytesMax = { providerMessageId: 255, phoneNumberId: 64, userId: 160 }

/** Whether there is a text, and its column holds it. */
export function fits(text: string, max: number): boolean {
  return text !== '' && Buffer.byteLength(text) <= max
}
