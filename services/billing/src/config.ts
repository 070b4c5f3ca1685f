import { commonSettings, integer, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  ...commonSettings,
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  STRIPE_API_KEY: secret(),
  /** Scheme, host and port; the SDK takes no path. */
  STRIPE_BASE_URL: z
    .url({ protocol: /^https?$/ })
    .refine((url) => ['', '/'].includes(new URL(url).pathname), 'must have no path')
    .default('https://api.stripe.com'),
  STRIPE_TIMEOUT_MS: integer({ min: 100, max: 60_000 }).default(5_000),
  CALL_MINUTES_METER: z.string().min(1).default('frontdesk_call_minutes'),
  MESSAGES_METER: z.string().min(1).default('frontdesk_messages'),
})

export type Config = z.output<typeof configSchema>
