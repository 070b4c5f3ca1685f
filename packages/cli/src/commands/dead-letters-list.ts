import { DeadLetter, OperationsServiceDefinition } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { instant, json, table } from '../format.ts'
import { rpcArgs, type RpcFlags, withService } from '../rpc.ts'
import { consumerNames } from '../targets.ts'

const listArgs = {
  service: { type: 'enum', description: 'The service that handled the events (all of them when left out)', options: consumerNames },
  ...pageArgs,
  ...rpcArgs,
} as const

/** Lists the dead letters of a service, or of all of them. */
export function listDeadLetters(context: CliContext): Leaf {
  return leaf('List the dead letters of a service, or of all of them, the newest first.', listArgs, async ({ args }) => {
    const { service } = args
    const page = pageOf(args)
    const found = service === undefined ? await listAll(context, page, args) : await listOf(context, service, page, args)
    const failure = asOne(found.failures)
    // Of services that could not be asked nobody knows that they have none.
    if (failure && found.letters.length === 0) throw failure
    context.out(args.json ? json(toJson(found, service)) : tableOf(found.letters))
    if (!args.json) for (const [name, token] of found.more) context.err(`More: --service ${name} --page-token ${token}`)
    if (failure) throw failure
  })
}

type ConsumerName = (typeof consumerNames)[number]

interface Letter extends DeadLetter {
  readonly service: ConsumerName
}

interface Listed {
  readonly letters: readonly Letter[]
  /** By service, the token of the next page where there is one. */
  readonly more: ReadonlyMap<ConsumerName, string>
  /** Why a service could not be asked. */
  readonly failures: readonly unknown[]
}

type Page = ReturnType<typeof pageOf>

async function listOf(context: CliContext, name: ConsumerName, page: Page, flags: RpcFlags): Promise<Listed> {
  const { deadLetters: found, nextPageToken } = await withService(
    context,
    name,
    OperationsServiceDefinition,
    flags,
    (operations) => operations.listDeadLetters(page),
    ['listDeadLetters'],
  )
  const letters = found.map((letter) => ({ ...letter, service: name }))
  return { letters, more: new Map(nextPageToken === '' ? [] : [[name, nextPageToken]]), failures: [] }
}

/** A service that is away hides no other's dead letters. */
async function listAll(context: CliContext, page: Page, flags: RpcFlags): Promise<Listed> {
  const ofOneService = page.pageToken !== '' ? '--page-token' : flags.address !== undefined ? '--address' : undefined
  if (ofOneService) throw new UsageError(`${ofOneService} is of one service: name it with --service.`)
  const outcomes = await Promise.allSettled(consumerNames.map((name) => listOf(context, name, page, flags)))
  const listed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
  return {
    letters: listed.flatMap(({ letters }) => letters).toSorted((a, b) => (b.diedAt?.getTime() ?? 0) - (a.diedAt?.getTime() ?? 0)),
    more: new Map(listed.flatMap(({ more }) => [...more])),
    failures: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
  }
}

/** The failures as one, with what to do about the first; a setting that is missing for one is mostly missing for all. */
function asOne(failures: readonly unknown[]): unknown {
  const [first] = failures
  if (failures.length <= 1 || first instanceof UsageError) return first
  const hint = first instanceof CommandError ? first.hint : undefined
  const message = failures.map((failure) => (failure instanceof Error ? failure.message : String(failure))).join('\n')
  return new CommandError(message, { ...(hint !== undefined && { hint }), cause: first })
}

function toJson({ letters, more }: Listed, service: ConsumerName | undefined): object {
  return {
    deadLetters: letters.map((letter) => ({ service: letter.service, ...(DeadLetter.toJSON(letter) as object) })),
    ...(service === undefined ? { nextPageTokens: Object.fromEntries(more) } : { nextPageToken: more.get(service) ?? '' }),
  }
}

function tableOf(letters: readonly Letter[]): string {
  if (letters.length === 0) return 'No dead letters.'
  return table(['DIED', 'SERVICE', 'HANDLER', 'TYPE', 'ATTEMPTS', 'EVENT', 'ERROR'], letters.map(row))
}

function row(letter: Letter): string[] {
  const event = letter.revision === 1 ? letter.eventId : `${letter.eventId} --revision ${letter.revision}`
  // An error of many lines would break the table.
  return [
    instant(letter.diedAt),
    letter.service,
    letter.handler,
    letter.eventType,
    String(letter.attempts),
    event,
    letter.error.replaceAll(/\s+/g, ' '),
  ]
}
