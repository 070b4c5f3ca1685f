import type { DemoCompany } from '../../stack/manifest.ts'
import type { PublicInterfaces } from '../public-interfaces.ts'
import type { WebhookAnswer } from '../webhooks.ts'

/** What an event led to: for a person, and the ids of what was made or changed, for a program. */
export interface Effect {
  readonly text: string
  readonly ids?: Readonly<Record<string, string>>
}

/** What a webhook has to lead to. */
export type Expectation =
  | {
      readonly kind: 'attributed'
      readonly company: DemoCompany
      readonly effects: (outside: PublicInterfaces, eventId: string) => Promise<Effect[]>
    }
  | { readonly kind: 'quarantined'; readonly reason: string }
  | { readonly kind: 'duplicate' }
  | { readonly kind: 'refused'; readonly status: number; readonly code: string }

/** What was begun: by which entity and type its event is found in the ledger. */
export interface Begun {
  readonly entityId: string
  readonly eventType: string
  /** How the ingress answered; undefined when a provider sent the webhook, and not the demonstration. */
  readonly answer?: WebhookAnswer
}

/** What a provider asks, and is answered at once: nothing is kept of it. */
export interface QuestionStep {
  readonly name: string
  readonly company: DemoCompany
  /** @throws Error if the answer is not what it should be. */
  ask(): Promise<Effect[]>
}

/** One event of the demonstration: how it is set off, and what has to come of it. */
export interface EventStep {
  readonly name: string
  begin(outside: PublicInterfaces): Promise<Begun>
  readonly expect: Expectation
}

export type Step = EventStep | QuestionStep
