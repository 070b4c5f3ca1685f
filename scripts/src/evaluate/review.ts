import type { Directory } from './directory.ts'
import type { Played } from './play.ts'
import type { Random } from './random.ts'
import { adjudicate, type Adjudication, auditedOneIn, type EvidenceKind } from './resolver.ts'
import { dayMs } from './world/company.ts'
import type { Profile } from './world/profile.ts'

/** The people who see what waits, and a random few of what was attributed: they find out whose it was, and sometimes mend the directory. */
export interface Review {
  /** What they have found out by now, in that order. */
  readonly labels: readonly Adjudication[]
  /** Lets the time go on, in ms since the world began. */
  readonly advanceTo: (time: number) => void
  readonly see: (played: Played, receivedAt: number) => void
}

/** What is one company's and typed in by people. */
const mendable: ReadonlySet<EvidenceKind> = new Set(['phone_number', 'voice_agent', 'whatsapp_phone_number', 'whatsapp_account'])

export function createReview(
  { reviewedAfterDays, corrections }: Pick<Profile, 'reviewedAfterDays' | 'corrections'>,
  directory: Directory,
  random: Random,
): Review {
  const labels: Adjudication[] = []
  const looking: { readonly label: Adjudication; readonly at: number }[] = []
  return {
    labels,
    advanceTo(time) {
      const found = looking.filter(({ at }) => at <= time).toSorted((a, b) => a.at - b.at)
      looking.splice(0, Infinity, ...looking.filter(({ at }) => at > time))
      labels.push(...found.map(({ label }) => label))
    },
    see({ truth, attributions: [attribution] }, receivedAt) {
      if (!attribution || (attribution.decision.kind === 'attributed' && !random.chance(1 / auditedOneIn))) return
      const label = adjudicate(attribution, truth.owner)
      if (!label) return
      looking.push({ label, at: receivedAt + random.exponential(reviewedAfterDays * dayMs) })
      if (truth.companyId === undefined || !random.chance(corrections.share)) return
      const at = receivedAt + random.exponential(corrections.days * dayMs)
      for (const { kind, value, companyIds } of label.evidence) {
        // What several have is shared on purpose.
        if (mendable.has(kind) && companyIds.length <= 1 && !companyIds.includes(truth.companyId)) {
          directory.correct({ kind, value }, truth.companyId, at)
        }
      }
    },
  }
}
