import { readFile } from 'node:fs/promises'
import { liveSamples, type JsonObject } from '@frontdesk/providers/samples'
import { wholeNumber } from '../arguments.ts'
import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { json, printable, table } from '../format.ts'
import { everyValueOf, withOverrides } from '../trigger/overrides.ts'
import { findPlayer, playedProvider, type Player, type Sent } from '../trigger/player.ts'

/** How many are on their way at once. */
const atOnce = 16

/** Plays a provider. */
export function trigger(context: CliContext): Leaf {
  return leaf(
    'Send a webhook, signed as its provider would sign it.',
    {
      provider: { type: 'positional', description: 'Whom to play, such as retell', required: false },
      event: { type: 'positional', description: 'The event, as the provider calls it, such as call_ended', required: false },
      list: { type: 'boolean', description: 'List the providers and events that there are samples of' },
      company: { type: 'string', description: 'Whose it shall be: one of dev.json’s, the first if left out', valueHint: 'cmp_…|name' },
      override: { type: 'string', description: 'Change the sample, such as call.to_number=+4930…; several times', valueHint: 'path=value' },
      data: { type: 'string', description: 'Send this file’s bytes instead of a sample', valueHint: 'file' },
      count: { type: 'string', description: 'How many, each another', default: '1', valueHint: 'n' },
      ingress: { type: 'string', description: 'URL of the webhook-ingress', valueHint: 'https://…' },
      connection: { type: 'string', description: 'The connection whose secret signs', valueHint: 'con_…' },
      secret: { type: 'string', description: 'The secret; better in FRONTDESK_WEBHOOK_SECRET, since flags are visible to other users' },
      json: { type: 'boolean', description: 'Print JSON' },
    },
    async ({ args, rawArgs }) => {
      if (args.list) {
        list(context, args.provider, args.json ?? false)
        return
      }
      if (!args.provider || !args.event) throw new UsageError('Which provider, and which event? --list tells what there is.')
      const { provider, event } = args
      const played = playedProvider(provider)
      if (!/^[\w.]{1,100}$/.test(event)) throw new UsageError(`"${event}" is no event of a provider’s.`)
      const count = wholeNumber('--count', args.count, 1, 10_000)
      const overrides = everyValueOf('--override', rawArgs)
      if (args.data !== undefined && (overrides.length > 0 || count > 1)) throw new UsageError('--data is sent as it is, once.')
      const data = args.data === undefined ? undefined : await read(args.data)
      const player = await findPlayer(context, played, event, args)
      const bodyOf = (index: number) =>
        data ?? Buffer.from(JSON.stringify(withOverrides(JSON.parse(player.sample(index).toString()) as JsonObject, overrides)))
      const { events, questions } = played.samples
      // It may be one that the provider has and we have no sample of, or mistyped.
      if (!data && !events.includes(event) && !questions?.has(event))
        context.err(`There is no sample of ${provider} ${event}, so its body is made up. --list tells what there is.`)
      if (!args.json) context.err(`Sending ${provider} ${event} to ${player.ingress.value}${whose(player)}.`)
      const { sent, failed } = await sendAll(player, count, bodyOf, (wave) => {
        if (!args.json) for (const one of wave) context.out(describe(one))
      })
      if (args.json && sent.length > 0) context.out(json({ provider, event, webhooks: sent }))
      if (failed) {
        if (count > 1) context.err(`${sent.length} of ${count} were answered.`)
        throw failed.reason
      }
      const refused = sent.filter(({ status }) => status !== 200)
      if (refused.length > 0) throw refusal(refused)
      const [eventId] = sent.flatMap(({ events }) => events.map((each) => each.eventId))
      if (!args.json && eventId) context.err(`Next:  pnpm frontdesk events show ${eventId}`)
    },
  )
}

function list(context: CliContext, provider: string | undefined, asJson: boolean): void {
  const wanted = provider === undefined ? liveSamples : { [provider]: playedProvider(provider).samples }
  const offered = Object.entries(wanted).map(([name, { events, questions }]) => ({
    provider: name,
    events: [...events, ...(questions?.keys() ?? [])],
  }))
  context.out(
    asJson
      ? json({ providers: offered })
      : table(
          ['PROVIDER', 'EVENT'],
          offered.flatMap(({ provider: name, events }) => events.map((event) => [name, event])),
        ),
  )
}

/** Ends after the wave in which one had no answer. */
async function sendAll(
  player: Player,
  count: number,
  bodyOf: (index: number) => Buffer,
  onWave: (sent: readonly Sent[]) => void,
): Promise<{ sent: Sent[]; failed: PromiseRejectedResult | undefined }> {
  const sent: Sent[] = []
  let failed: PromiseRejectedResult | undefined
  for (let first = 0; first < count && !failed; first += atOnce) {
    const indexes = Array.from({ length: Math.min(atOnce, count - first) }, (_, index) => first + index)
    // A wave after the other, so that no more than these are open at once.
    const outcomes = await Promise.allSettled(indexes.map((index) => player.send(bodyOf(index))))
    const wave = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    onWave(wave)
    sent.push(...wave)
    failed = outcomes.find((outcome) => outcome.status === 'rejected')
  }
  return { sent, failed }
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((cause: Error) => {
    throw new CommandError(`${file} can not be read: ${cause.message}`, { cause })
  })
}

function whose({ companyName }: Player): string {
  return companyName === undefined ? '' : ` for ${companyName}`
}

function describe({ status, ms, answer, events }: Sent): string {
  if (status !== 200) return printable(`${status}  ${ms} ms  ${typeof answer['code'] === 'string' ? answer['code'] : ''}`)
  // Questions are answered, and are no events.
  if (events.length === 0) return printable(`200  ${ms} ms  ${JSON.stringify(answer)}`)
  const outcome = Number(answer['accepted']) > 0 ? 'accepted' : 'duplicate'
  return printable(events.map(({ eventId, type, entityId }) => `200  ${ms} ms  ${outcome}  ${type}  ${entityId}  ${eventId}`).join('\n'))
}

function refusal(refused: readonly Sent[]): CommandError {
  const [{ status, answer } = { status: 0, answer: {} as Sent['answer'] }] = refused
  const said = [answer['title'], answer['detail']].filter((text) => typeof text === 'string').join(': ')
  return new CommandError(
    `${refused.length === 1 ? 'The webhook was' : `${refused.length} webhooks were`} refused with ${status}${said && `, ${said}`}.`,
    {
      ...(status === 401 && { hint: 'Is the secret the one that the ingress has for this provider or connection?' }),
    },
  )
}
