import { DeadLetter, OperationsServiceDefinition } from '@frontdesk/contracts'
import { eventId, pageArgs, pageOf, wholeNumber } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { instant, json, table } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { consumerNames } from '../targets.ts'

const serviceArg = {
  service: { type: 'enum', description: 'The service that handled the event', options: consumerNames, required: true },
} as const

/** Reads the dead letters of a service, and sends them back to their handlers. */
export function deadLetters(context: CliContext): Group {
  return {
    description: 'The events that a handler gave up on.',
    commands: {
      list: leaf('List the dead letters of a service, the newest first.', { ...serviceArg, ...pageArgs, ...rpcArgs }, async ({ args }) => {
        const page = pageOf(args)
        const { deadLetters: found, nextPageToken } = await withService(
          context,
          args.service,
          OperationsServiceDefinition,
          args,
          (operations) => operations.listDeadLetters(page),
          ['listDeadLetters'],
        )
        if (args.json) {
          context.out(json({ deadLetters: found.map((letter) => DeadLetter.toJSON(letter)), nextPageToken }))
          return
        }
        context.out(
          found.length === 0 ? 'No dead letters.' : table(['DIED', 'HANDLER', 'TYPE', 'ATTEMPTS', 'EVENT', 'ERROR'], found.map(row)),
        )
        if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
      }),
      redrive: leaf(
        'Run the handler of a dead letter once more.',
        {
          handler: { type: 'positional', description: 'Handler, as the list names it', required: true },
          'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
          revision: { type: 'string', description: 'Revision of the event', default: '1', valueHint: 'n' },
          ...serviceArg,
          ...rpcArgs,
        },
        async ({ args }) => {
          const letter = {
            handler: args.handler,
            eventId: eventId(args['event-id']),
            revision: wholeNumber('--revision', args.revision, 1, 2 ** 32 - 1),
          }
          await withService(context, args.service, OperationsServiceDefinition, args, (operations) => operations.redriveDeadLetter(letter))
          context.out(args.json ? json({ redriven: letter }) : `Redriven: ${letter.handler} has handled ${letter.eventId}.`)
        },
      ),
    },
  }
}

function row(letter: DeadLetter): string[] {
  const event = letter.revision === 1 ? letter.eventId : `${letter.eventId} --revision ${letter.revision}`
  // An error of many lines would break the table.
  return [instant(letter.diedAt), letter.handler, letter.eventType, String(letter.attempts), event, letter.error.replaceAll(/\s+/g, ' ')]
}
