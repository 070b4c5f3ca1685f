import { performance } from 'node:perf_hooks'
import type { Manifest } from '../stack/manifest.ts'
import { attributionOf, ledgerEvent } from './follow.ts'
import { openPublicInterfaces, type PublicInterfaces } from './public-interfaces.ts'
import { scenario } from './scenario/scenario.ts'
import type { Effect, EventStep, QuestionStep } from './scenario/step.ts'
import type { WebhookAnswer } from './webhooks.ts'

/** What became of one event; `error` says why it is not what it should be. */
export interface DemonstratedEvent {
  readonly name: string
  readonly eventId: string | null
  readonly companyId: string | null
  readonly company: string | null
  readonly confidence: number | null
  /** What it led to, in the order in which it was seen. */
  readonly effects: readonly string[]
  /** What was made or changed, such as `appointmentId`. */
  readonly ids: Readonly<Record<string, string>>
  /** From the first byte sent to the last effect seen. */
  readonly millis: number
  readonly error?: string
}

type Followed = Omit<DemonstratedEvent, 'name' | 'millis' | 'error'>

const nobody = { companyId: null, company: null, confidence: null, ids: {} } as const

/** Plays the scenario against a running stack, one event after the other, since each follows from the one before. */
export async function demonstrate(manifest: Manifest, onEvent: (event: DemonstratedEvent) => void): Promise<DemonstratedEvent[]> {
  await using outside = await openPublicInterfaces(manifest)
  const events: DemonstratedEvent[] = []
  for (const step of scenario(manifest, new Date())) {
    const begun = performance.now()
    const followed: Followed & { error?: string } = await ('ask' in step ? answer(step) : follow(outside, step)).catch(
      (error: unknown) => ({
        ...nobody,
        eventId: null,
        effects: ['failed'],
        error: error instanceof Error ? error.message : String(error),
      }),
    )
    const event = { name: step.name, ...followed, millis: Math.round((performance.now() - begun) * 10) / 10 }
    onEvent(event)
    events.push(event)
  }
  return events
}

async function answer(step: QuestionStep): Promise<Followed> {
  const { company } = step
  return { ...nobody, eventId: null, companyId: company.id, company: company.name, ...told(await step.ask()) }
}

async function follow(outside: PublicInterfaces, step: EventStep): Promise<Followed> {
  const { expect: expected } = step
  const { entityId, eventType, answer } = await step.begin(outside)
  switch (expected.kind) {
    case 'attributed': {
      requireAnswer(answer, { status: 200, accepted: 1, duplicates: 0 })
      const { eventId } = await ledgerEvent(outside, entityId, eventType)
      const { decision } = await attributionOf(outside, eventId)
      if (decision?.$case !== 'attributed') throw new Error('it was quarantined')
      const { companyId, confidence } = decision.value
      if (companyId !== expected.company.id) throw new Error(`it went to ${companyId}, not to ${expected.company.id}`)
      return { eventId, companyId, company: expected.company.name, confidence, ...told(await expected.effects(outside, eventId)) }
    }
    case 'quarantined': {
      requireAnswer(answer, { status: 200, accepted: 1, duplicates: 0 })
      const { eventId } = await ledgerEvent(outside, entityId, eventType)
      const { decision } = await attributionOf(outside, eventId)
      if (decision?.$case !== 'quarantined') throw new Error('it was attributed')
      if (decision.value.reason !== expected.reason) throw new Error(`the reason is ${decision.value.reason}`)
      return { ...nobody, eventId, effects: [`quarantined: ${decision.value.reason.replace('QUARANTINE_REASON_', '').toLowerCase()}`] }
    }
    case 'duplicate': {
      requireAnswer(answer, { status: 200, accepted: 0, duplicates: 1 })
      const { events } = await outside.ledger.listEvents({ entityId, eventType })
      if (events.length !== 1) throw new Error(`the ledger holds it ${events.length} times`)
      return { ...nobody, eventId: events[0]?.eventId ?? null, effects: ['recognised as a duplicate'] }
    }
    case 'refused': {
      requireAnswer(answer, { status: expected.status, accepted: 0, duplicates: 0 })
      if (answer?.code !== expected.code) throw new Error(`the code is ${answer?.code}, not ${expected.code}`)
      const { events } = await outside.ledger.listEvents({ entityId })
      if (events.length !== 0) throw new Error('the ledger kept it')
      return { ...nobody, eventId: null, effects: [`refused: ${expected.status} ${expected.code}`] }
    }
    default:
      return expected satisfies never
  }
}

function told(effects: readonly Effect[]): Pick<Followed, 'effects' | 'ids'> {
  return { effects: effects.map(({ text }) => text), ids: Object.assign({}, ...effects.map(({ ids }) => ids)) as Record<string, string> }
}

/** Of a webhook that a provider sent the answer is not ours to see. */
function requireAnswer(answer: WebhookAnswer | undefined, expected: Omit<WebhookAnswer, 'code'>): void {
  if (!answer) return
  const { status, accepted, duplicates } = answer
  if (status === expected.status && accepted === expected.accepted && duplicates === expected.duplicates) return
  throw new Error(`the ingress answered ${JSON.stringify(answer)}`)
}
