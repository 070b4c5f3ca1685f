import { integer, port, secret } from '@frontdesk/service'
import { z } from 'zod'

/** Everything the process is told from outside; README lists what each one means. */
export const configSchema = z.object({
  HTTP_HOST: z.string().default('0.0.0.0'),
  HTTP_PORT: port().default(8080),
  ADMIN_HOST: z.string().default('0.0.0.0'),
  ADMIN_PORT: port().default(9090),
  RPC_HOST: z.string().default('0.0.0.0'),
  RPC_PORT: port().default(50_051),
  MYSQL_URL: secret(),
  /** At least 2: the sweeper holds its lock on one while it works on another. */
  MYSQL_POOL_SIZE: integer({ min: 2, max: 200 }).default(10),
  MIGRATIONS_DIR: z.string().default(new URL('../drizzle', import.meta.url).pathname),
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  DIRECTORY_ADDRESS: z.string(),
  JWKS_FILE: z.string(),
  CALLER_KEY_FILE: z.string(),
  VAULT_KEYS: secret(),
  RETELL_API_KEY: secret(),
  RETELL_API_KEY_PREVIOUS: secret().optional(),
  LOG_LEVEL: z.string().default('info'),
  OTLP_ENDPOINT: z.url().optional(),
  TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(0.01),
})

export type Config = z.output<typeof configSchema>
