import {
  AttributedEvent,
  AttributionServiceDefinition,
  AttributionStatus,
  LedgerEvent,
  LedgerServiceDefinition,
  type ListAttributionsRequest,
  type ListEventsRequest,
} from '@frontdesk/contracts'
import { eventTypes, pageArgs, pageOf, providerName, windowArgs, windowOf } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { UsageError } from '../errors.ts'
import { enumName, instant, json, probability, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'

const statuses = { attributed: AttributionStatus.ATTRIBUTED, quarantined: AttributionStatus.QUARANTINED } as const

type Page = ReturnType<typeof pageOf>
type Target = { readonly address?: string | undefined; readonly token?: string | undefined }

/** Lists events; a company or a status is known to the resolver alone, the rest to the ingress. */
export function search(context: CliContext): Leaf {
  return leaf(
    'List events, the newest first; by company or status as the company-resolver knows them, else as the webhook-ingress does.',
    {
      provider: { type: 'string', description: 'Only of this provider' },
      type: { type: 'string', description: 'Only of these types, with commas between, such as call.ended', valueHint: 'types' },
      entity: { type: 'string', description: 'Only about this call id or booking uid' },
      connection: { type: 'string', description: 'Only from this connection (con_…)' },
      company: { type: 'string', description: 'Only of this company (cmp_…)' },
      status: { type: 'enum', description: 'Only what the resolver decided so', options: Object.keys(statuses) },
      ...windowArgs,
      ...pageArgs,
      ...rpcArgs,
    },
    async ({ args }) => {
      const { from, until } = windowOf(args, context.now())
      const common = { provider: providerName(args.provider), eventTypes: eventTypes(args.type), ...pageOf(args) }
      const found =
        args.company === undefined && args.status === undefined
          ? await inLedger(context, args, {
              ...common,
              eventType: '',
              entityId: args.entity ?? '',
              connectionId: args.connection ?? '',
              receivedFrom: from,
              receivedUntil: until,
            })
          : await amongAttributions(context, args, {
              ...common,
              companyId: args.company ?? '',
              status: statusOf(args),
              decidedFrom: from,
              decidedUntil: until,
            })
      if (args.json) return context.out(json({ events: found.json, nextPageToken: found.nextPageToken }))
      context.out(found.rows.length === 0 ? 'No events.' : table(found.headings, found.rows))
      if (found.nextPageToken) context.err(`More: --page-token ${found.nextPageToken}`)
    },
  )
}

interface Found {
  readonly headings: readonly string[]
  readonly rows: readonly string[][]
  readonly json: readonly unknown[]
  readonly nextPageToken: string
}

async function inLedger(context: CliContext, target: Target, request: ListEventsRequest & Page): Promise<Found> {
  const { events, nextPageToken } = await withService(
    context,
    'webhook-ingress',
    LedgerServiceDefinition,
    target,
    async (ledger) => {
      const found: LedgerEvent[] = []
      let { pageToken } = request
      do {
        // Where few match, a page is short and leads on.
        const page = await ledger.listEvents({ ...request, pageSize: request.pageSize - found.length, pageToken })
        found.push(...page.events)
        pageToken = page.nextPageToken
      } while (pageToken !== '' && found.length < request.pageSize)
      return { events: found, nextPageToken: pageToken }
    },
    ['listEvents'],
  )
  return {
    headings: ['RECEIVED', 'TYPE', 'PROVIDER', 'ENTITY', 'EVENT'],
    rows: events.map((event) => [instant(event.receivedAt), event.eventType, event.provider, event.entityId, idWithRevision(event)]),
    json: events.map((event) => LedgerEvent.toJSON(event)),
    nextPageToken,
  }
}

async function amongAttributions(context: CliContext, target: Target, request: ListAttributionsRequest & Page): Promise<Found> {
  const { events, nextPageToken } = await withService(
    context,
    'company-resolver',
    AttributionServiceDefinition,
    target,
    (service) => service.listAttributions(request),
    ['listAttributions'],
  )
  return {
    headings: ['DECIDED', 'TYPE', 'PROVIDER', 'ENTITY', 'WENT TO', 'EVENT'],
    rows: events.map((event) => [
      instant(event.decidedAt),
      event.eventType,
      event.source?.provider ?? '',
      event.source?.entityId ?? '',
      wentTo(event.decision),
      idWithRevision(event),
    ]),
    json: events.map((event) => AttributedEvent.toJSON(event)),
    nextPageToken,
  }
}

function idWithRevision({ eventId, revision }: { readonly eventId: string; readonly revision: number }): string {
  return revision > 1 ? `${eventId}.${revision}` : eventId
}

/** A decision in a few words. */
export function wentTo(decision: AttributedEvent['decision']): string {
  if (!decision) return 'nobody yet'
  if (decision.$case === 'attributed') return `${decision.value.companyId} ${probability(decision.value.confidence)}`
  if (decision.value.discard) return 'nobody’s, by a person'
  return `quarantine, ${enumName(decision.value.reason, 'QUARANTINE_REASON_')}`
}

/** What the resolver can't look for together with its own filters is said here, before anybody is asked. */
function statusOf(args: {
  company: string | undefined
  status: string | undefined
  entity: string | undefined
  connection: string | undefined
}): AttributionStatus {
  const besides = args.entity === undefined ? (args.connection === undefined ? undefined : '--connection') : '--entity'
  if (besides) throw new UsageError(`${besides} can not be combined with --company or --status: it names the company's events already.`)
  if (args.company !== undefined && args.status === 'quarantined') {
    throw new UsageError('--company has no quarantined events: a quarantined event has no company yet.')
  }
  return Object.entries(statuses).find(([name]) => name === args.status)?.[1] ?? AttributionStatus.UNSPECIFIED
}
