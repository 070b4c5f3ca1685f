import { DeadLetter, OperationsServiceDefinition } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import { eventId, wholeNumber } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError } from '../errors.ts'
import { fields, instant, json, printable } from '../format.ts'
import { rpcArgs, withService } from '../rpc.ts'
import { consumerNames } from '../targets.ts'
import { listDeadLetters } from './dead-letters-list.ts'

const serviceArg = {
  service: { type: 'enum', description: 'The service that handled the event', options: consumerNames, required: true },
} as const

const letterArgs = {
  handler: { type: 'positional', description: 'Handler, as the list names it', required: true },
  'event-id': { type: 'positional', description: 'Event id, 64 hex digits', required: true },
  revision: { type: 'string', description: 'Revision of the event', default: '1', valueHint: 'n' },
  ...serviceArg,
  ...rpcArgs,
} as const

/** Reads the dead letters of a service, and sends them back to their handlers. */
export function deadLetters(context: CliContext): Group {
  return {
    description: 'The events that a handler gave up on.',
    commands: {
      list: listDeadLetters(context),
      show: leaf('Show one dead letter: its error, and the payload that the handler could not take.', letterArgs, async ({ args }) => {
        const letter = await withService(
          context,
          args.service,
          OperationsServiceDefinition,
          args,
          (operations) => findLetter(operations, keyOf(args)),
          ['listDeadLetters'],
        )
        context.out(args.json ? json({ deadLetter: DeadLetter.toJSON(letter) }) : describe(letter))
        if (!args.json) context.err(`Again:  pnpm frontdesk deadletters redrive ${keyText(letter)} --service ${args.service}`)
      }),
      redrive: leaf('Run the handler of a dead letter once more.', letterArgs, async ({ args }) => {
        const letter = keyOf(args)
        await withService(context, args.service, OperationsServiceDefinition, args, (operations) => operations.redriveDeadLetter(letter))
        context.out(args.json ? json({ redriven: letter }) : `Redriven: ${letter.handler} has handled ${letter.eventId}.`)
      }),
    },
  }
}

type Key = Pick<DeadLetter, 'handler' | 'eventId' | 'revision'>

function keyOf(args: { handler: string; 'event-id': string; revision: string }): Key {
  return {
    handler: args.handler,
    eventId: eventId(args['event-id']),
    revision: wholeNumber('--revision', args.revision, 1, 2 ** 32 - 1),
  }
}

/** Looks through the list, which is short where a service is well. @throws CommandError if it is not among the newest 10,000. */
async function findLetter(
  operations: Pick<RpcClient<typeof OperationsServiceDefinition>, 'listDeadLetters'>,
  key: Key,
): Promise<DeadLetter> {
  let pageToken = ''
  for (let page = 0; page < 50; page++) {
    // Each page begins where the one before ended.
    const { deadLetters: found, nextPageToken } = await operations.listDeadLetters({ pageSize: 200, pageToken })
    const letter = found.find(
      ({ handler, eventId: id, revision }) => handler === key.handler && id === key.eventId && revision === key.revision,
    )
    if (letter) return letter
    pageToken = nextPageToken
    if (pageToken === '') break
  }
  throw new CommandError(`${key.handler} has no dead letter of ${key.eventId} in revision ${key.revision}.`, {
    hint: 'Was it redriven? `deadletters list` tells what there is.',
  })
}

function describe({ handler, eventId: id, revision, eventType, attempts, diedAt, error, payload }: DeadLetter): string {
  const head = fields({
    Event: id,
    Revision: String(revision),
    Type: eventType,
    Handler: handler,
    Attempts: String(attempts),
    Died: instant(diedAt),
  })
  return `${head}\n\nError\n${printable(error)}\n\nPayload\n${printable(indented(payload))}`
}

/** What is no JSON stays as it is. */
function indented(payload: string): string {
  try {
    return json(JSON.parse(payload))
  } catch {
    return payload
  }
}

function keyText({ handler, eventId: id, revision }: Key): string {
  return revision === 1 ? `${handler} ${id}` : `${handler} ${id} --revision ${revision}`
}
