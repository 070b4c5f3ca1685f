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

const media = z.object({
  id: metaKey.nullish(),
  mime_type: text(255).nullish(),
  sha256: text(255).nullish(),
  caption: text(64_000).nullish(),
  filename: text(1_020).nullish(),
  voice: z.boolean().nullish(),
})
const choice = z.object({ id: text(1_024).nullish(), title: text(4_000), description: text(4_000).nullish() })
const degrees = (most: number) => z.number().min(-most).max(most)
const card = z.object({
  name: z.object({ formatted_name: text(1_020).nullish() }).nullish(),
  phones: list(z.object({ phone: text(64).nullish(), wa_id: text(64).nullish() }), 100).nullish(),
})
const quantity = z.union(
  [
    uint32,
    z
      .string()
      .regex(/^\d{1,9}$/)
      .transform(Number),
  ],
  { error: 'expected a whole number' },
)
const failure = z.object({
  code: uint32,
  title: text(2_000).nullish(),
  message: text(4_000).nullish(),
  error_data: z.object({ details: text(4_000).nullish() }).nullish(),
})

export const message = z
  .object({
    id: metaKey,
    timestamp: epochText,
    type: kindName,
    from: phone.nullish(),
    from_user_id: metaKey.nullish(),
    context: z.object({ id: metaKey.nullish() }).nullish(),
    text: z.object({ body: text(64_000) }).nullish(),
    image: media.nullish(),
    audio: media.nullish(),
    video: media.nullish(),
    document: media.nullish(),
    sticker: media.nullish(),
    location: z
      .object({ latitude: degrees(90), longitude: degrees(180), name: text(4_000).nullish(), address: text(4_000).nullish() })
      .nullish(),
    contacts: list(card, 300).nullish(),
    interactive: z.object({ button_reply: choice.nullish(), list_reply: choice.nullish() }).nullish(),
    button: z.object({ payload: text(1_024).nullish(), text: text(4_000).nullish() }).nullish(),
    reaction: z.object({ message_id: metaKey, emoji: text(64).nullish() }).nullish(),
    order: z
      .object({
        catalog_id: text(255).nullish(),
        text: text(64_000).nullish(),
        product_items: list(z.object({ product_retailer_id: text(255), quantity }), 500).nullish(),
      })
      .nullish(),
    errors: list(failure, 20).nullish(),
  })
  .refine(({ from, from_user_id }) => Boolean(from) || Boolean(from_user_id), {
    path: ['from'],
    error: 'expected a phone number in digits, or from_user_id beside it',
  })
  .refine(({ type, text: said }) => type !== 'text' || said, { path: ['text'], error: 'expected object' })

/** What a status can be; any other is kept without being modelled. */
export const statusNames = ['sent', 'delivered', 'read', 'failed'] as const

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

/** A note that a person has another number or another id; `from` is as he was known. */
export const changedPerson = z.object({
  id: metaKey,
  type: kindName,
  from: phone.nullish(),
  from_user_id: metaKey.nullish(),
  system: z
    .object({
      type: kindName,
      wa_id: phone.nullish(),
      new_wa_id: phone.nullish(),
      user_id: metaKey.nullish(),
      previous_user_id: metaKey.nullish(),
    })
    .refine(({ wa_id, new_wa_id, user_id }) => Boolean(wa_id) || Boolean(new_wa_id) || Boolean(user_id), {
      path: ['user_id'],
      error: 'expected an id, or a phone number in digits beside it',
    }),
})

/** The same by the field that is for it, which names the id of before as well. */
export const changedId = z.object({ user_id: z.object({ previous: metaKey, current: metaKey }), wa_id: phone.nullish() })

/** Meta's ids of templates are numbers, and texts where they are long. */
export const templateId = z
  .union([z.int().min(1), z.string().regex(/^[1-9]\d{0,31}$/)], { error: 'expected an id of digits' })
  .transform(String)

export const templateUpdate = z.object({
  value: z.object({
    event: kindName,
    message_template_id: templateId,
    message_template_name: text(2_048).nullish(),
    message_template_language: text(64).nullish(),
    reason: text(2_000).nullish(),
    message_template_category: text(64).nullish(),
  }),
})

export const accountUpdate = z.object({
  value: z.object({
    event: kindName,
    phone_number: phone.nullish(),
    violation_info: z.object({ violation_type: text(255).nullish() }).nullish(),
    ban_info: z.object({ waba_ban_state: text(64).nullish() }).nullish(),
    restriction_info: list(z.object({ restriction_type: text(255).nullish() }), 50).nullish(),
  }),
})

export type WhatsappFailure = z.output<typeof failure>
export type WhatsappMessage = z.output<typeof message>
export type WhatsappStatus = z.output<typeof status>
