import { commonSettings, integer, port, secret } from '@frontdesk/service'
import { z } from 'zod'

const settings = z.object({
  // NATS_URL and JWKS_URL are among what every service is given: identity has nothing to publish yet, and its keys are its own.
  ...commonSettings,
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  HTTP_HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: port().default(8080),
  SERVICE_CREDENTIALS_FILE: z.string(),
  VAULT_KEYS: secret(),
  TOKEN_TTL_MS: integer({ min: 1_000, max: 900_000 }).default(300_000),
  KEY_SIGNS_FOR_MS: integer({ min: 1_000 }).default(30 * 24 * 60 * 60 * 1_000),
  KEY_LEAD_MS: integer({ min: 500 }).default(180_000),
  KEY_RELOAD_MS: integer({ min: 50, max: 60_000 }).default(10_000),
  CLOCK_SKEW_MS: integer({ min: 0, max: 300_000 }).default(30_000),
  LOGIN_ATTEMPTS_PER_ACCOUNT: integer({ min: 1 }).default(10),
  LOGIN_ATTEMPTS_PER_ADDRESS: integer({ min: 1 }).default(200),
  LOGIN_WINDOW_MS: integer({ min: 1_000 }).default(15 * 60 * 1_000),
})

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = settings.refine(({ KEY_LEAD_MS, KEY_RELOAD_MS }) => KEY_LEAD_MS > KEY_RELOAD_MS, {
  path: ['KEY_LEAD_MS'],
  message: 'must be more than KEY_RELOAD_MS: a replica that does not know the next key yet signs on by the one that ends',
})

export type Config = z.output<typeof configSchema>
