import { randomBytes } from 'node:crypto'
import { providers, type ProviderName } from '@frontdesk/providers'
import { liveSamples, type LiveSamples, type SampleCompany } from '@frontdesk/providers/samples'
import { chooseByName } from '../company-name.ts'
import type { CliContext } from '../context.ts'
import { findDevFile, type DevCompany } from '../dev-file.ts'
import { CommandError, UsageError } from '../errors.ts'
import { findIngressUrl, type Found } from '../targets.ts'

/** A provider that can be played. */
export interface Played {
  readonly name: ProviderName
  readonly samples: LiveSamples
}

/** @throws UsageError if there are no samples of it. */
export function playedProvider(name: string): Played {
  const found = Object.entries(liveSamples).find(([provider]) => provider === name)
  if (!found) throw new UsageError(`There is no provider "${name}" to play: one of ${Object.keys(liveSamples).join(', ')}.`)
  return { name: found[0] as ProviderName, samples: found[1] }
}

/** To whom one provider's webhooks go, and by which secret. */
export interface Player {
  readonly company: SampleCompany
  readonly companyName: string | undefined
  readonly ingress: Found
  /** One webhook's body; another with each index. */
  sample(index: number): Buffer
  /** Sends it, and tells what became of it and which events it is; a question is none. @throws CommandError if nobody answers. */
  send(body: Buffer): Promise<Sent>
}

export interface Sent {
  readonly status: number
  readonly ms: number
  readonly answer: Readonly<Record<string, unknown>>
  readonly events: readonly { readonly eventId: string; readonly type: string; readonly entityId: string }[]
}

interface PlayerFlags {
  readonly ingress?: string | undefined
  readonly company?: string | undefined
  readonly connection?: string | undefined
  readonly secret?: string | undefined
}

/** Finds the event's or question's way: the ingress, the company and the secret, from flags, the environment, or dev.json. */
export async function findPlayer(context: CliContext, { name, samples }: Played, event: string, flags: PlayerFlags): Promise<Player> {
  const ingress = await findIngressUrl(context, flags.ingress)
  const dev = await findDevFile(context.cwd)
  // Of another ingress than dev.json's its companies and secrets are none.
  const known = dev !== undefined && ingress.from === dev.path ? dev : undefined
  const company = chosen(known?.companies ?? [], flags.company)
  const own = samples.secret === 'connection' ? company?.connection(name) : undefined
  const connectionId = flags.connection ?? own?.connectionId
  const secret = flags.secret ?? context.env['FRONTDESK_WEBHOOK_SECRET'] ?? own?.secret ?? known?.platformSecrets[name]
  if (samples.secret === 'connection' && connectionId === undefined) {
    throw new UsageError(`Webhooks of ${name} are of a company’s connection: pass --connection and --secret.`)
  }
  if (secret === undefined) {
    throw new UsageError(`Missing the secret of ${name}: set FRONTDESK_WEBHOOK_SECRET or pass --secret, or start ./scripts/dev.`)
  }
  const question = samples.questions?.get(event)
  const webhookPath = ['/v1/webhooks', ...[name, connectionId].filter((part) => part !== undefined).map(encodeURIComponent)].join('/')
  const url = `${ingress.value.replace(/\/$/, '')}${question?.path ?? webhookPath}`
  const target: SampleCompany = { ...company, companyId: company?.id }

  return {
    company: target,
    companyName: company?.name,
    ingress,
    sample(index) {
      // One second apart, since some webhooks are known by their time alone.
      const happenedAt = new Date(context.now().getTime() - index * 1_000)
      const moment = { happenedAt, nonce: randomBytes(8).toString('hex') }
      return Buffer.from(JSON.stringify(question ? question.body(target, moment) : samples.body(event, target, moment)))
    },
    async send(body) {
      const now = context.now()
      const headers = samples.sign(body, secret, { now, nonce: randomBytes(8).toString('hex') })
      const begunMs = performance.now()
      const { status, answer } = await post(url, headers, body, ingress)
      const ms = Math.round(performance.now() - begunMs)
      if (status !== 200 || question) return { status, ms, answer, events: [] }
      // As the ingress derives them: of the same bytes and the same secret's scope they are the same for ever.
      const events = providers[name].normalize(body, { deliveryId: 'dlv_unknown', connectionId, receivedAt: now, headers })
      return { status, ms, answer, events: events.map(({ id, type, entityId }) => ({ eventId: id, type, entityId })) }
    },
  }
}

function chosen(companies: readonly DevCompany[], given: string | undefined): DevCompany | undefined {
  if (given === undefined) return companies[0]
  const byId = companies.find(({ id }) => id === given)
  if (byId) return byId
  const named = companies.map((company) => ({ companyId: company.id, name: company.name, company }))
  return chooseByName(named, given, 'Companies are known from dev.json alone; elsewhere pass --override with what names the company.')
    .company
}

async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  ingress: Found,
): Promise<{ status: number; answer: Record<string, unknown> }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: new Uint8Array(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
    const answer: unknown = await response.json().catch(() => ({}))
    return { status: response.status, answer: typeof answer === 'object' && answer !== null ? { ...answer } : {} }
  } catch (cause) {
    throw new CommandError('The webhook-ingress did not answer.', {
      hint: `Its URL is ${ingress.value} (from ${ingress.from}). Does it run?`,
      cause,
    })
  }
}
