import { z } from 'zod'
import { integer, port, secret } from './env-types.ts'

/** The variables that every service of ours has, to be spread into its schema; README lists what each one means. */
export const commonSettings = {
  ADMIN_HOST: z.string().default('0.0.0.0'),
  ADMIN_PORT: port().default(9090),
  RPC_HOST: z.string().default('0.0.0.0'),
  RPC_PORT: port().default(50_051),
  MYSQL_URL: secret(),
  /** At least 2: the sweeper holds its lock on one connection while it works on another. */
  MYSQL_POOL_SIZE: integer({ min: 2, max: 200 }).default(10),
  NATS_URL: z.string().default('nats://127.0.0.1:4222'),
  /** identity's public keys, and further ones beside it: at least one of the two has to be there. */
  JWKS_URL: z.url().optional(),
  JWKS_FILE: z.string().optional(),
  LOG_LEVEL: z.string().default('info'),
  OTLP_ENDPOINT: z.url().optional(),
  TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(0.01),
} as const

/** The variables of a service that calls others: where identity is, and the file with our credential there. */
export const callerSettings = {
  IDENTITY_ADDRESS: z.string(),
  CREDENTIAL_FILE: z.string(),
} as const
