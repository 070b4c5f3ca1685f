import { streams } from '@frontdesk/contracts'
import type { ProviderName } from '@frontdesk/providers'
import { callerSettings, commonSettings, integer, port, type Secret, secret } from '@frontdesk/service'
import { SecretTexts } from '@frontdesk/vault'
import { z } from 'zod'
import type { SigningSecrets } from './domain/delivery.ts'

const streamDays = Math.max(...streams.filter(({ name }) => name === 'INGRESS').map(({ maxAgeMs }) => maxAgeMs)) / (24 * 60 * 60 * 1_000)

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z
  .object({
    ...commonSettings,
    ...callerSettings,
    MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
    HTTP_HOST: z.string().default('0.0.0.0'),
    HTTP_PORT: port().default(8080),
    MAX_CONNECTIONS: z.coerce.number().int().min(16).default(4_096),
    REPLICAS: z.coerce.number().int().min(1).default(1),
    CONNECTION_RATE_LIMIT: z.coerce.number().int().min(1).default(1_000),
    UNPROVEN_RATE_LIMIT: z.coerce.number().int().min(1).default(300),
    TRUSTED_PROXIES: z
      .string()
      .default('')
      .transform((list) => list.split(',').flatMap((each) => each.trim() || [])),
    /** As long as outbox rows are kept, from which a replay is made. */
    REPLAY_MAX_AGE_DAYS: integer({ min: 1, max: 400 }).default(14),
    DIRECTORY_ADDRESS: z.string(),
    BOOKING_ADDRESS: z.string(),
    VAULT_KEYS: secret(),
    RETELL_API_KEY: secret(),
    RETELL_API_KEY_PREVIOUS: secret().optional(),
    STRIPE_WEBHOOK_SECRET: secret(),
    STRIPE_WEBHOOK_SECRET_PREVIOUS: secret().optional(),
    /** Of the destination that Stripe sends thin events to, which is another than that of snapshots. */
    STRIPE_THIN_WEBHOOK_SECRET: secret().optional(),
    STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS: secret().optional(),
    WHATSAPP_APP_SECRET: secret(),
    WHATSAPP_APP_SECRET_PREVIOUS: secret().optional(),
    WHATSAPP_VERIFY_TOKEN: secret(),
    OUTBOX_RETENTION_DAYS: integer({ min: streamDays + 1, max: 400 }).default(14),
    BODY_RETENTION_DAYS: integer({ min: 1, max: 3_650 }).default(90),
    /** A provider that sends an old event again within that time is told that we have it. */
    EVENT_ID_RETENTION_DAYS: integer({ min: 400, max: 3_650 }).default(400),
    REFUSAL_RETENTION_DAYS: integer({ min: 1, max: 3_650 }).default(30),
  })
  .superRefine(
    (
      { REPLAY_MAX_AGE_DAYS: replay, OUTBOX_RETENTION_DAYS: outbox, BODY_RETENTION_DAYS: bodies, EVENT_ID_RETENTION_DAYS: ids },
      context,
    ) => {
      // Whatever refills or replays what is lost further on needs what comes before it here.
      if (replay > outbox) context.addIssue('REPLAY_MAX_AGE_DAYS: at most OUTBOX_RETENTION_DAYS')
      if (bodies <= outbox) context.addIssue('BODY_RETENTION_DAYS: must be more than OUTBOX_RETENTION_DAYS')
      if (ids < bodies) context.addIssue('EVENT_ID_RETENTION_DAYS: must be at least BODY_RETENTION_DAYS')
    },
  )

export type Config = z.output<typeof configSchema>

/** The secrets that providers sign with for all companies together. */
export function platformSecretsOf(config: Config): ReadonlyMap<ProviderName, SigningSecrets> {
  const revealed = (...secrets: (Secret | undefined)[]) => SecretTexts.holding(...secrets.flatMap((each) => (each ? [each.reveal()] : [])))
  return new Map([
    ['retell', { current: revealed(config.RETELL_API_KEY), previous: revealed(config.RETELL_API_KEY_PREVIOUS) }],
    [
      'stripe',
      {
        current: revealed(config.STRIPE_WEBHOOK_SECRET, config.STRIPE_THIN_WEBHOOK_SECRET),
        previous: revealed(config.STRIPE_WEBHOOK_SECRET_PREVIOUS, config.STRIPE_THIN_WEBHOOK_SECRET_PREVIOUS),
      },
    ],
    ['whatsapp', { current: revealed(config.WHATSAPP_APP_SECRET), previous: revealed(config.WHATSAPP_APP_SECRET_PREVIOUS) }],
  ])
}

/** How long the ledger keeps what, in days. */
export function retentionOf(config: Config) {
  return {
    bodies: config.BODY_RETENTION_DAYS,
    eventIds: config.EVENT_ID_RETENTION_DAYS,
    outbox: config.OUTBOX_RETENTION_DAYS,
    refusals: config.REFUSAL_RETENTION_DAYS,
  }
}
