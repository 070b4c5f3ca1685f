import { isCompanyId } from '@frontdesk/contracts'
import { z } from 'zod'

/** Text as people count it: code points, whole ones, and something to see. */
function text(most: number) {
  return z
    .string()
    .refine((value) => value.trim() !== '' && Array.from(value).length <= most && value.isWellFormed(), `1 to ${most} characters`)
    .meta({ minLength: 1, maxLength: most })
}

export const companyId = z
  .string()
  .refine(isCompanyId, 'a company id (cmp_…)')
  .optional()
  .describe('The company to act for (cmp_…). Needed only if your token is for several; it must be one of them.')

export const conversationId = z
  .string()
  .regex(/^conv_[0-7][0-9a-hjkmnp-tv-z]{25}$/, 'a conversation id (conv_…)')
  .describe('A conversation id (conv_…), from list_conversations.')

export const pageArguments = {
  page_size: z.int().min(1).max(100).default(20).describe('How many at most.'),
  page_token: z.string().min(1).max(200).optional().describe('next_page_token of the page before; the first page without it.'),
}

export const messageText = text(4_096).describe('What to say, 1 to 4096 characters, in the customer’s language.')

export const idempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .describe(
    'Your own name for this one send. Calls with the same key send once. Without it, the same content to the same recipient is sent once: give a new key only to send it again on purpose.',
  )

export const phoneNumber = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'a phone number in E.164, such as +4930123456')
  .describe('Somebody’s number in E.164, such as +4930123456.')

export const template = {
  template_name: z
    .string()
    .regex(/^[a-z0-9_]{1,512}$/, 'small letters, digits and underscores')
    .describe('The approved template’s name.'),
  template_language: z
    .string()
    .regex(/^[a-z]{2,3}(_[A-Za-z]{2,8})?$/, 'such as en_US')
    .describe('Its language, such as en_US.'),
  parameters: z.array(text(1_024)).max(50).default([]).describe('What fills the template’s placeholders, in their order.'),
}
