import { callerSettings, commonSettings, integer, port, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  ...commonSettings,
  ...callerSettings,
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  HTTP_HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: port().default(8080),
  /** The names by which MCP clients reach us, without ports, with commas between. */
  MCP_ALLOWED_HOSTS: z
    .string()
    .default('localhost,127.0.0.1,[::1]')
    .transform((names) => names.split(',').map((name) => name.trim())),
  BOOKING_ADDRESS: z.string(),
  BILLING_ADDRESS: z.string(),
  DIRECTORY_ADDRESS: z.string(),
  WHATSAPP_BASE_URL: z.url().default('https://graph.facebook.com'),
  WHATSAPP_ACCESS_TOKEN: secret(),
  /** This replica's share of the 80 a second that WhatsApp takes from a number. */
  SENDS_PER_SECOND: integer({ min: 1, max: 80 }).default(40),
  /** Longer than a call can be under way, or a person could be asked about one that is. */
  UNCONFIRMED_AFTER_MS: integer({ min: 30_000 }).default(600_000),
})

export type Config = z.output<typeof configSchema>
