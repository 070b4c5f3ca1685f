import { type Calibration, uncalibrated } from './calibration.ts'
import { evidenceKey, type EvidenceKind, type MatchedEvidence } from './evidence.ts'
import { assumedThresholds, type Thresholds, wrongTolerance } from './tolerance.ts'

/** What one kind of evidence is worth (Fellegi–Sunter). */
export interface KindWeight {
  /** P(the value is a signal of the event's company): how completely the directory knows such values. */
  readonly m: number
  /** P(the value is a signal of other companies alone | the event is a company's): how often such values mislead. */
  readonly u: number
  /** P(the value is a signal of some company | the event is no company's of ours); from u to m. */
  readonly strangers: number
  /** P(several companies have the value as a signal | one has): of companies' events, and of strangers'. */
  readonly shared: { readonly companies: number; readonly strangers: number }
  /** Nobody outside can choose it, and it names one company at a time: two that disagree are never outvoted. */
  readonly trusted: boolean
}

/** Everything that a decision depends on besides the directory; plain data, which can be kept by its version. */
export interface Model extends Thresholds {
  readonly version: string
  readonly kinds: Readonly<Record<EvidenceKind, KindWeight>>
  /** The u of single values that have misled, as they named companies then (`doubtKey`). */
  readonly doubts: Readonly<Record<string, number>>
  /** How many companies a misleading value may name: the more there are, the less likely it names the one that other evidence names. */
  readonly companies: number
  /** Prior log-odds of "no company of ours" against any one candidate, in nats. */
  readonly noneLogOdds: number
  /** The same of "a company of ours that no evidence names", which a wrong signal leaves. */
  readonly unnamedLogOdds: number
  readonly calibration: Calibration
}

/** What the shipped thresholds assume: at most 1 in 500 attributed events is not as good as certain. A fit measures that. */
const assumedUncertainShare = 1 / 500

/** The weights as shipped: judged, not fitted. They stand until there are enough adjudicated events to fit others. */
export const shippedModel: Model = {
  version: 'shipped-4',
  kinds: {
    // The company's own secret verified the bytes: only a leaked secret misleads. Its signal is made with the connection.
    connection: trusted(0.9999, 1e-8),
    // We wrote it ourselves through the provider's API; a bug of ours could mix companies up. Older objects lack it.
    metadata: trusted(0.9, 1e-6),
    // Our side of the call. Numbers are ported, shared, and given anew to strangers, which the directory may learn late.
    phone_number: { ...trusted(0.99, 1e-4), strangers: 1e-3 },
    // An id that the provider gave. New agents reach the directory later than new numbers do; some are copied along.
    voice_agent: trusted(0.97, 1e-4),
    // Connected by its owner, who can connect it for each of several companies of his.
    stripe_account: trusted(0.98, 1e-4),
    // We make it for one company alone. But under a connected account it is one of the company's guests, and in no directory.
    stripe_customer: trusted(0.6, 1e-5),
    // Meta's id of the number within one account: a number that moves to another gets another. Unlike a number it is not ported.
    whatsapp_phone_number: trusted(0.99, 1e-5),
    // An agency's account holds numbers of several companies. So it is enough alone, and not beside a number that nobody knows.
    whatsapp_account: trusted(0.97, 2e-3),
    // A verified account, but one person may organize for two companies, and people change addresses.
    organizer_email: untrusted(0.8, 2e-3),
    // Small integers: every self-hosted calendar has its own number 1, so that none of these four is enough alone.
    organizer_id: untrusted(0.8, 0.05),
    event_type: untrusted(0.7, 0.04),
    organization: untrusted(0.7, 0.05),
    team: untrusted(0.6, 0.05),
    // Where the entity's first event went. It carries the events that say nothing else, and less than any trusted kind.
    entity: untrusted(0.99, 0.015),
  },
  doubts: {},
  companies: 1,
  // Even odds against both together.
  noneLogOdds: Math.log(0.95),
  unnamedLogOdds: Math.log(0.05),
  ...assumedThresholds(wrongTolerance, assumedUncertainShare),
  calibration: uncalibrated,
}

/** As often misleading for a stranger's event as for another company's, and as often shared. */
function judged(m: number, u: number): Omit<KindWeight, 'trusted'> {
  return { m, u, strangers: u, shared: { companies: 0.1, strangers: 0.1 } }
}

function trusted(m: number, u: number): KindWeight {
  return { ...judged(m, u), trusted: true }
}

function untrusted(m: number, u: number): KindWeight {
  return { ...judged(m, u), trusted: false }
}

/** One text for a value and whom it names: once the directory has been mended it is another. */
export function doubtKey(piece: MatchedEvidence): string {
  return `${evidenceKey(piece)} of ${piece.companyIds.toSorted().join(' ')}`
}

/** What a piece is worth: what its kind is, unless that very value has misled. */
export function worthOf(model: Model, piece: MatchedEvidence): KindWeight {
  const kind = model.kinds[piece.kind]
  const u = model.doubts[doubtKey(piece)]
  return u === undefined ? kind : { ...kind, u, strangers: Math.max(u, kind.strangers) }
}

/**
 * What a known value adds to the log-likelihood of each company that has it, in nats, against a company that no evidence names. A value
 * that several share is met so much more often by mistake too, so that they share its weight.
 */
export function matchWeight({ m, u }: KindWeight, companies: number, sharedBy: number): number {
  return Math.log((m * companies) / (u * sharedBy))
}

/** What a known value adds to "no company of ours", in nats: how much more often strangers have one than it misleads of companies. */
export function strangerWeight({ u, strangers, shared }: KindWeight, sharedBy: number): number {
  const likeThis = sharedBy > 1 ? shared.strangers / shared.companies : (1 - shared.strangers) / (1 - shared.companies)
  return Math.log((strangers / u) * likeThis)
}

/** What a value that no company has adds to "no company of ours", in nats: how seldom the directory misses such a value. */
export function missWeight({ m, strangers }: KindWeight): number {
  return Math.log1p(-strangers) - Math.log1p(-m)
}
