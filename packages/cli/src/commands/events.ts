import { Delivery, LedgerEvent, LedgerServiceDefinition } from '@frontdesk/contracts'
import { eventId } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { fields, instant, json, printable } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { search } from './events-search.ts'

const retryMethods = ['getEvent', 'getDelivery'] as const

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
      search: search(context),
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
