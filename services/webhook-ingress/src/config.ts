import type { ProviderName } from '@frontdesk/providers'
import { callerSettings, commonSettings, integer, port, type Secret, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  ...commonSettings,
  ...callerSettings,
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  HTTP_HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: port().default(8080),
  /** As long as inboxes and outbox rows are kept: behind that a replay could have an effect twice. */
  REPLAY_MAX_AGE_DAYS: integer({ min: 1, max: 400 }).default(30),
  DIRECTORY_ADDRESS: z.string(),
  BOOKING_ADDRESS: z.string(),
  VAULT_KEYS: secret(),
  RETELL_API_KEY: secret(),
  RETELL_API_KEY_PREVIOUS: secret().optional(),
  STRIPE_WEBHOOK_SECRET: secret(),
  STRIPE_WEBHOOK_SECRET_PREVIOUS: secret().optional(),
  WHATSAPP_APP_SECRET: secret(),
  WHATSAPP_APP_SECRET_PREVIOUS: secret().optional(),
  WHATSAPP_VERIFY_TOKEN: secret(),
})

export type Config = z.output<typeof configSchema>

/** The secrets that providers sign with for all companies together, the current one first. */
export function platformSecretsOf(config: Config): ReadonlyMap<ProviderName, readonly string[]> {
  const revealed = (...secrets: (Secret | undefined)[]) => secrets.flatMap((each) => (each ? [each.reveal()] : []))
  return new Map([
    ['retell', revealed(config.RETELL_API_KEY, config.RETELL_API_KEY_PREVIOUS)],
    ['stripe', revealed(config.STRIPE_WEBHOOK_SECRET, config.STRIPE_WEBHOOK_SECRET_PREVIOUS)],
    ['whatsapp', revealed(config.WHATSAPP_APP_SECRET, config.WHATSAPP_APP_SECRET_PREVIOUS)],
  ])
}
