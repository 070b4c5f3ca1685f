import { connectBus, type Bus } from '@frontdesk/bus'
import { isFrontdeskError } from '@frontdesk/errors'
import { createTelemetry } from '@frontdesk/telemetry'
import type { CliContext } from './context.ts'
import { CommandError } from './errors.ts'
import { findNatsUrl } from './targets.ts'

/** The option of every command that asks the broker. */
export const natsArg = { nats: { type: 'string', description: 'URL of NATS', valueHint: 'nats://host:port' } } as const

/** Works with the broker that the flag, the environment or dev.json names, and explains a failure by what to do next. */
export async function withBus<Result>(context: CliContext, flag: string | undefined, work: (bus: Bus) => Promise<Result>): Promise<Result> {
  const { value, from } = await findNatsUrl(context, flag)
  await using telemetry = createTelemetry({ service: 'frontdesk-cli', logLevel: 'silent', sampleRatio: 0 })
  await using bus = connectBus({ servers: value, name: 'frontdesk-cli', telemetry })
  return await work(bus).catch((error: unknown) => {
    if (!isFrontdeskError(error)) throw error
    throw new CommandError(error.publicMessage, {
      hint: `The URL of NATS is ${withoutPassword(value)} (from ${from}). Does it run?`,
      cause: error,
    })
  })
}

/** A URL that may be shown. */
function withoutPassword(url: string): string {
  return url.replaceAll(/\/\/[^@/,]*@/g, '//…@')
}
