import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, printable, probability } from '../format.ts'
import type { Companies } from '../live/companies.ts'
import { cloudEvent, type LiveEvent } from '../live/live-event.ts'
import { watch, watchArgs } from '../live/watch.ts'

/** Shows events as they happen. */
export function tail(context: CliContext): Leaf {
  return leaf(
    'Show events as they happen, until Ctrl-C; --json prints a CloudEvent a line.',
    {
      ...watchArgs,
      quarantine: {
        type: 'boolean',
        description: 'Also what went to no company',
        default: true,
        negativeDescription: 'Not what went to no company',
      },
    },
    ({ args }) =>
      watch(context, args, {
        onReady: () => context.err('Watching. Ctrl-C ends.'),
        onEvent: (event, companies) => context.out(args.json ? JSON.stringify(cloudEvent(event)) : line(event, companies)),
      }),
  )
}

/** Columns that stay in place from line to line, as far as their texts let them. */
function line({ envelope, storedAt, quarantined, receivedAt, bulk }: LiveEvent, companies: Companies): string {
  const owner = quarantined ? `? ${quarantined.reason}` : companies.nameOf(envelope.companyId ?? '')
  const type = (quarantined?.type ?? envelope.type).replace(/^frontdesk\.(.+)\.v1$/, '$1')
  const cells = [
    instant(storedAt),
    cut(owner, 30),
    cut(type, 28),
    envelope.subject.padEnd(36),
    (envelope.confidence === undefined ? '' : probability(envelope.confidence)).padEnd(7),
    receivedAt ? `${storedAt.getTime() - receivedAt.getTime()} ms` : '',
    bulk ? 'bulk' : '',
  ]
  return printable(
    cells
      .join('  ')
      .replaceAll(/[\n\t]/g, ' ')
      .trimEnd(),
  )
}

/** As wide as that, no wider. */
function cut(text: string, width: number): string {
  return (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width)
}
