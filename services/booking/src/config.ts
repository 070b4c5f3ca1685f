import { callerSettings, commonSettings } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  ...commonSettings,
  ...callerSettings,
  BILLING_ADDRESS: z.string(),
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
})

export type Config = z.output<typeof configSchema>
