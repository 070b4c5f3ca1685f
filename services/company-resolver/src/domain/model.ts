import type { EvidenceKind } from './evidence.ts'

/** What one kind of evidence is worth (Fellegi–Sunter). */
export interface KindWeight {
  /** P(the value is a signal of company c | the event is c's): how completely the directory knows such values. */
  readonly m: number
  /** P(the value is a signal of company c | the event is not c's): how often such values mislead. */
  readonly u: number
  /** Nobody outside can choose it, and it names one company at a time: two that disagree are never outvoted. */
  readonly trusted: boolean
}

/** Everything that a decision depends on besides the directory. */
export interface Model {
  readonly version: string
  readonly kinds: Readonly<Record<EvidenceKind, KindWeight>>
  /** Prior log-odds of "no company of ours" against any one candidate, in nats. */
  readonly noneLogOdds: number
  /** The least calibrated posterior that attributes (τ). */
  readonly minConfidence: number
  /** The least distance to the second hypothesis (δ). */
  readonly minMargin: number
  /** Posterior → probability of being right. Rises with its argument. */
  readonly calibrate: (posterior: number) => number
}

/** The weights as shipped: judged, not fitted. They stand until there are enough adjudicated events to fit others. */
export const shippedModel: Model = {
  version: 'shipped-2',
  kinds: {
    // The company's own secret verified the bytes: only a leaked secret misleads. Its signal is made with the connection.
    connection: { m: 0.9999, u: 1e-8, trusted: true },
    // We wrote it ourselves through the provider's API; a bug of ours could mix companies up. Older objects lack it.
    metadata: { m: 0.9, u: 1e-6, trusted: true },
    // Our side of the call. Numbers are ported and shared, which the directory may learn late.
    phone_number: { m: 0.99, u: 1e-4, trusted: true },
    // An id that the provider gave. New agents reach the directory later than new numbers do; some are copied along.
    voice_agent: { m: 0.97, u: 1e-4, trusted: true },
    // Connected by its owner, who can connect it for each of several companies of his.
    stripe_account: { m: 0.98, u: 1e-4, trusted: true },
    // We make it for one company alone. The first events of a new one can be here before its signal is.
    stripe_customer: { m: 0.95, u: 1e-5, trusted: true },
    // Meta's id of the number within one account: a number that moves to another gets another. Unlike a number it is not ported.
    whatsapp_phone_number: { m: 0.99, u: 1e-5, trusted: true },
    // An agency's account holds numbers of several companies. So it is enough alone, and not beside a number that nobody knows.
    whatsapp_account: { m: 0.97, u: 2e-3, trusted: true },
    // A verified account, but one person may organize for two companies, and people change addresses.
    organizer_email: { m: 0.8, u: 2e-3, trusted: false },
    // Small integers: every self-hosted calendar has its own number 1, so that none of these four is enough alone.
    organizer_id: { m: 0.8, u: 0.05, trusted: false },
    event_type: { m: 0.7, u: 0.04, trusted: false },
    organization: { m: 0.7, u: 0.05, trusted: false },
    team: { m: 0.6, u: 0.05, trusted: false },
    // Where the entity's first event went. It carries the events that say nothing else, and less than any trusted kind.
    entity: { m: 0.99, u: 0.015, trusted: false },
  },
  noneLogOdds: 0,
  minConfidence: 0.95,
  minMargin: 0.5,
  calibrate: (posterior) => posterior,
}

/** What a known value adds to the log-likelihood of each company that has it, in nats. */
export function matchWeight(model: Model, kind: EvidenceKind): number {
  const { m, u } = model.kinds[kind]
  return Math.log(m / u)
}

/** What a value that no company has adds to "no company of ours", in nats: how seldom the directory misses such a value. */
export function missWeight(model: Model, kind: EvidenceKind): number {
  return -Math.log(1 - model.kinds[kind].m)
}
