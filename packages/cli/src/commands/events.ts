import { Delivery, LedgerEvent, LedgerServiceDefinition } from '@frontdesk/contracts'
import { eventId, pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { fields, instant, json, printable, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { reprocess } from './events-reprocess.ts'

const retryMethods = ['getEvent', 'getDelivery', 'listEvents'] as const

/** Reads the ingress ledger. */
export function events(context: CliContext): Group {
  return {
    description: 'The events that the webhook-ingress accepted.',
    commands: {
      show: leaf(
        'Show one event, and with --delivery the request that brought it.',
        {
          id: { type: 'positional', description: 'Event id, 64 hex digits', required: true },
          delivery: { type: 'boolean', description: 'Also show headers and raw body; they hold personal data' },
          ...rpcArgs,
        },
        async ({ args }) => {
          const id = eventId(args.id)
          const { event, delivery } = await withService(
            context,
            'webhook-ingress',
            LedgerServiceDefinition,
            args,
            async (ledger) => {
              const found = (await ledger.getEvent({ eventId: id })).event
              if (!found || !args.delivery) return { event: found, delivery: undefined }
              return { event: found, delivery: (await ledger.getDelivery({ deliveryId: found.deliveryId })).delivery }
            },
            retryMethods,
          )
          if (!event) throw new CommandError('The ledger answered without an event.')
          if (args.json) {
            context.out(json({ event: LedgerEvent.toJSON(event), ...(delivery ? { delivery: Delivery.toJSON(delivery) } : {}) }))
            return
          }
          context.out(describe(event))
          if (!delivery) return
          context.out(`\nHeaders\n${fields(delivery.headers)}\n\nBody\n${printable(Buffer.from(delivery.body).toString('utf8'))}`)
        },
      ),
      list: leaf(
        'List events, the newest first.',
        {
          provider: { type: 'string', description: 'Only of this provider' },
          type: { type: 'string', description: 'Only of this type, such as frontdesk.call.ended.v1' },
          entity: { type: 'string', description: 'Only about this call id or booking uid' },
          ...pageArgs,
          ...rpcArgs,
        },
        async ({ args }) => {
          const request = { provider: args.provider ?? '', eventType: args.type ?? '', entityId: args.entity ?? '', ...pageOf(args) }
          const { events: found, nextPageToken } = await withService(
            context,
            'webhook-ingress',
            LedgerServiceDefinition,
            args,
            (ledger) => ledger.listEvents(request),
            retryMethods,
          )
          if (args.json) {
            context.out(json({ events: found.map((event) => LedgerEvent.toJSON(event)), nextPageToken }))
            return
          }
          const rows = found.map((event) => [instant(event.receivedAt), event.eventType, event.provider, event.entityId, event.eventId])
          context.out(rows.length === 0 ? 'No events.' : table(['RECEIVED', 'TYPE', 'PROVIDER', 'ENTITY', 'EVENT'], rows))
          if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
        },
      ),
      reprocess: reprocess(context),
    },
  }
}

function describe(event: LedgerEvent): string {
  return fields({
    Event: event.eventId,
    Type: event.eventType,
    Provider: event.provider,
    Connection: event.connectionId,
    Entity: event.entityId,
    Received: instant(event.receivedAt),
    Delivery: event.deliveryId,
  })
}
