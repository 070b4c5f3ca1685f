import { DeadLetter, OperationsServiceDefinition } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { instant, json, table } from '../format.ts'
import { rpcArgs, type RpcFlags, withService } from '../rpc.ts'
import { consumerNames } from '../targets.ts'
import type { Away } from '../timeline/follow.ts'

const listArgs = {
  service: { type: 'enum', description: 'The service that handled the events (all of them when left out)', options: consumerNames },
  ...pageArgs,
  ...rpcArgs,
} as const

/** Lists the dead letters of a service by pages, or the newest of all services. */
export function listDeadLetters(context: CliContext): Leaf {
  return leaf('List the dead letters of a service, or of all of them, the newest first.', listArgs, async ({ args }) => {
    const page = pageOf(args)
    await (args.service === undefined ? printAll(context, page, args) : printOne(context, args.service, page, args))
  })
}

type ConsumerName = (typeof consumerNames)[number]
type Page = ReturnType<typeof pageOf>
type Flags = RpcFlags & { readonly json: boolean | undefined }

interface Letter extends DeadLetter {
  readonly service: ConsumerName
}

interface Listed {
  readonly service: ConsumerName
  readonly letters: readonly Letter[]
  readonly nextPageToken: string
}

async function printOne(context: CliContext, service: ConsumerName, page: Page, flags: Flags): Promise<void> {
  const { letters, nextPageToken } = await ask(context, service, page, flags)
  if (flags.json) return context.out(json({ deadLetters: letters.map(toJson), nextPageToken }))
  context.out(tableOf(letters))
  if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
}

/** A service that could not be asked hides no other's dead letters. */
async function printAll(context: CliContext, page: Page, flags: Flags): Promise<void> {
  const ofOneService = page.pageToken !== '' ? '--page-token' : flags.address !== undefined ? '--address' : undefined
  if (ofOneService) throw new UsageError(`${ofOneService} is of one service: name it with --service.`)
  const answers = await Promise.all(
    consumerNames.map((service) => ask(context, service, page, flags).catch((error: unknown) => ({ service, error }))),
  )
  const listed = answers.filter((answer) => 'letters' in answer)
  const failed = answers.filter((answer) => 'error' in answer)
  const misused = failed.filter(({ error }) => error instanceof UsageError)
  // What is wrong with all of them is wrong with the command.
  if (misused.length === consumerNames.length) throw misused[0]?.error

  const { letters, more } = newestOf(listed, page.pageSize)
  const away: Away[] = failed.map(({ service, error }) => ({ service, why: error instanceof Error ? error.message : String(error) }))
  if (flags.json) context.out(json({ deadLetters: letters.map(toJson), more, away }))
  else if (listed.length > 0) {
    context.out(tableOf(letters))
    if (more.length > 0) context.err(`More of ${more.join(', ')}: name one with --service.`)
  }
  if (away.length === 0) return
  throw new CommandError(['Could not ask', ...away.map(({ service, why }) => `  ${service}: ${why}`)].join('\n'), {
    hint: 'Ask one by itself with --service: that says what to do.',
  })
}

async function ask(context: CliContext, service: ConsumerName, page: Page, flags: RpcFlags): Promise<Listed> {
  const { deadLetters, nextPageToken } = await withService(
    context,
    service,
    OperationsServiceDefinition,
    flags,
    (operations) => operations.listDeadLetters(page),
    ['listDeadLetters'],
  )
  return { service, letters: deadLetters.map((letter) => ({ ...letter, service })), nextPageToken }
}

/** At most so many of all, and who has further ones. None that is older than the end of a service's page: behind it others would be missing. */
function newestOf(listed: readonly Listed[], limit: number): { letters: Letter[]; more: ConsumerName[] } {
  const ends = listed.flatMap(({ letters, nextPageToken }) => (nextPageToken === '' ? [] : millisOf(letters.at(-1))))
  const oldestMs = Math.max(0, ...ends)
  const letters = listed
    .flatMap((one) => one.letters)
    .filter((letter) => millisOf(letter) >= oldestMs)
    .toSorted((a, b) => millisOf(b) - millisOf(a))
    .slice(0, limit)
  const shown = new Set(letters)
  const more = listed.filter((one) => one.nextPageToken !== '' || one.letters.some((letter) => !shown.has(letter)))
  return { letters, more: more.map(({ service }) => service) }
}

function millisOf(letter: Letter | undefined): number {
  return letter?.diedAt?.getTime() ?? 0
}

function toJson(letter: Letter): object {
  return { service: letter.service, ...(DeadLetter.toJSON(letter) as object) }
}

function tableOf(letters: readonly Letter[]): string {
  if (letters.length === 0) return 'No dead letters.'
  return table(['DIED', 'SERVICE', 'HANDLER', 'TYPE', 'ATTEMPTS', 'EVENT', 'ERROR'], letters.map(row))
}

function row({ diedAt, service, handler, eventType, attempts, eventId, revision, error }: Letter): string[] {
  const event = revision === 1 ? eventId : `${eventId} --revision ${revision}`
  // An error of many lines would break the table.
  return [instant(diedAt), service, handler, eventType, String(attempts), event, error.replaceAll(/\s+/g, ' ')]
}
