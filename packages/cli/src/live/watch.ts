import { tail } from '@frontdesk/bus'
import { durationMs, wholeNumber } from '../arguments.ts'
import type { CliContext } from '../context.ts'
import { printable } from '../format.ts'
import { natsArg, withBus } from '../nats.ts'
import { rpcArgs } from '../rpc.ts'
import { findCompanies, type Companies } from './companies.ts'
import { sourcesOf } from './event-filter.ts'
import { createReader, type LiveEvent } from './live-event.ts'

/** The options of every command that watches events. */
export const watchArgs = {
  company: { type: 'string', description: 'Only of this company: its id, or how its name begins', valueHint: 'cmp_…|name' },
  type: { type: 'string', description: 'Only of these types, such as call.*,appointment.confirmed', valueHint: 'pattern,…' },
  provider: { type: 'string', description: 'Only what is made of this provider’s webhooks' },
  since: { type: 'string', description: 'Begin so long ago, such as 10m', valueHint: '10m' },
  bulk: { type: 'boolean', description: 'Also refills and replays' },
  limit: { type: 'string', description: 'End after so many', valueHint: 'n' },
  ...natsArg,
  ...rpcArgs,
} as const

interface WatchFlags {
  readonly company?: string | undefined
  readonly type?: string | undefined
  readonly provider?: string | undefined
  readonly since?: string | undefined
  readonly bulk?: boolean | undefined
  readonly limit?: string | undefined
  readonly nats?: string | undefined
  readonly address?: string | undefined
  readonly token?: string | undefined
}

/** Hands each wanted event on, one after the other, until the limit or until the person ends it. */
export async function watch(
  context: CliContext,
  flags: WatchFlags & { readonly quarantine: boolean },
  { onReady, onEvent }: { onReady: () => void; onEvent: (event: LiveEvent, companies: Companies) => Promise<void> | void },
): Promise<void> {
  const limit = flags.limit === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--limit', flags.limit, 1, 1_000_000)
  const since = flags.since === undefined ? undefined : new Date(context.now().getTime() - durationMs('--since', flags.since))
  // Before anything is asked, so that a mistake costs nothing.
  sourcesOf({ types: flags.type, provider: flags.provider, quarantine: false, bulk: false })

  await withBus(context, flags.nats, async (bus) => {
    const companies = await findCompanies(context, flags)
    const { sources, wants } = sourcesOf({
      companyId: companies.chosenId,
      types: flags.type,
      provider: flags.provider,
      quarantine: flags.quarantine,
      bulk: flags.bulk ?? false,
    })
    const enough = new AbortController()
    const read = createReader()
    let count = 0
    const signal = AbortSignal.any([enough.signal, context.interrupted()])
    await tail(bus, { sources, ...(since && { since }), signal, onReady }, async (message) => {
      if (message.envelope instanceof Error) {
        context.err(printable(`warning: on ${message.subject} is no event that this version can read: ${message.envelope.message}`))
        return
      }
      const event = read(message, message.envelope)
      if (!wants(event) || count >= limit) return
      count += 1
      await onEvent(event, companies)
      if (count >= limit) enough.abort()
    })
  })
}
