import { commonSettings, integer, secret } from '@frontdesk/service'
import { z } from 'zod'
import { defaultRefitPolicy } from './app/refit-model.ts'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z
  .object({
    ...commonSettings,
    MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
    /** So many events with a new label make a fit. */
    REFIT_AFTER_LABELS: integer({ min: 1, max: 1_000_000 }).default(defaultRefitPolicy.afterLabels),
    REFIT_INTERVAL_MINUTES: integer({ min: 1, max: 10_000 }).default(defaultRefitPolicy.intervalMs / 60_000),
    VAULT_KEYS: secret().optional(),
    /** Read again while we run; VAULT_KEYS does not count beside it. */
    VAULT_KEYS_FILE: z.string().optional(),
  })
  .superRefine(({ VAULT_KEYS, VAULT_KEYS_FILE }, context) => {
    if (!VAULT_KEYS && VAULT_KEYS_FILE === undefined) context.addIssue('VAULT_KEYS: is not set, and VAULT_KEYS_FILE is neither')
  })

export type Config = z.output<typeof configSchema>
