import { z } from 'zod'
import { phoneNumber } from '../evidence.ts'
import { anyObject, epochSeconds, identifier, kindName, list, text, uint32 } from '../schema.ts'

/** A message's id, or a person's within a business: both can be longer than other providers' ids. */
export const metaKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, 'expected 1 to 255 visible ASCII characters')

/** Seconds since 1970, which Meta writes as a text of digits. */
export const epochText = z
  .string()
  .regex(/^\d{1,12}$/, 'expected seconds since 1970, in digits')
  .transform(Number)
  .pipe(epochSeconds)

/** A number of Meta's, which leaves the + out; empty for what is none. */
export const phone = text(64).transform((digits) => (/^\d{7,15}$/.test(digits) ? (phoneNumber(`+${digits}`) ?? '') : ''))

export const body = z.object({
  object: z.enum(['whatsapp_business_account']),
  entry: z.array(z.unknown()).min(1),
})
export const entry = z.object({ changes: z.array(z.unknown()).min(1) })
export const change = z.object({ field: kindName, value: anyObject })
export const items = z.array(z.unknown())

/** Which of our numbers a change is about. */
export const ourNumber = z.object({ metadata: z.object({ phone_number_id: identifier }) })

const captioned = z.object({ caption: text(64_000).nullish() }).nullish()
const titled = z.object({ title: text(4_000) }).nullish()

export const message = z
  .object({
    id: metaKey,
    timestamp: epochText,
    type: kindName,
    from: phone.nullish(),
    from_user_id: metaKey.nullish(),
    context: z.object({ id: metaKey.nullish() }).nullish(),
    text: z.object({ body: text(64_000) }).nullish(),
    image: captioned,
    video: captioned,
    document: captioned,
    interactive: z.object({ button_reply: titled, list_reply: titled }).nullish(),
    button: z.object({ text: text(4_000).nullish() }).nullish(),
    reaction: z.object({ message_id: metaKey }).nullish(),
  })
  .refine(({ from, from_user_id }) => Boolean(from) || Boolean(from_user_id), {
    path: ['from'],
    error: 'expected a phone number in digits, or from_user_id beside it',
  })
  .refine(({ type, text: said }) => type !== 'text' || said, { path: ['text'], error: 'expected object' })

/** What a status can be; any other is kept without being modelled. */
export const statusNames = ['sent', 'delivered', 'read', 'failed'] as const

const failure = z.object({
  code: uint32,
  title: text(2_000).nullish(),
  message: text(4_000).nullish(),
  error_data: z.object({ details: text(4_000).nullish() }).nullish(),
})

export const status = z.object({
  id: metaKey,
  status: z.enum(statusNames),
  timestamp: epochText,
  recipient_id: phone.nullish(),
  recipient_user_id: metaKey.nullish(),
  biz_opaque_callback_data: text(2_048).nullish(),
  errors: list(failure, 20).nullish(),
})

/** A status or a message of a kind that is not modelled. */
export const unmodelledStatus = z.object({ id: metaKey, status: kindName })
export const unmodelledMessage = z.object({ id: metaKey, type: kindName })

export type WhatsappMessage = z.output<typeof message>
export type WhatsappStatus = z.output<typeof status>
