import { callerSettings, commonSettings, port, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  ...commonSettings,
  ...callerSettings,
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  HTTP_HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: port().default(8080),
  DIRECTORY_ADDRESS: z.string(),
  BOOKING_ADDRESS: z.string(),
  VAULT_KEYS: secret(),
  RETELL_API_KEY: secret(),
  RETELL_API_KEY_PREVIOUS: secret().optional(),
})

export type Config = z.output<typeof configSchema>
