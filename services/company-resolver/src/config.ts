import { commonSettings, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  ...commonSettings,
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  VAULT_KEYS: secret(),
})

export type Config = z.output<typeof configSchema>
