import { port, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  HTTP_HOST: z.string().default('127.0.0.1'),
  STRIPE_PORT: port().default(0),
  WHATSAPP_PORT: port().default(0),
  CALCOM_PORT: port().default(0),
  CONTROL_PORT: port().default(0),
  ADMIN_PORT: port().default(0),
  STATE_FILE: z.string().optional(),
  INGRESS_URL: z.url({ protocol: /^https?$/ }).optional(),
  STRIPE_API_KEY: secret(),
  STRIPE_WEBHOOK_SECRET: secret(),
  WHATSAPP_ACCESS_TOKEN: secret(),
  WHATSAPP_APP_SECRET: secret(),
  CALCOM_API_KEY: secret(),
  LOG_LEVEL: z.string().default('info'),
})

export type Config = z.output<typeof configSchema>
