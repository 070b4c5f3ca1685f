/** How often an attribution may be wrong, and how often what is nobody's may be given to a company: 1 in 10,000. */
export const wrongTolerance = 1 / 10_000

/** How many times the tolerance a single attribution may be expected to be wrong: an average alone lets the sure ones pay for guesses. */
const worstFactor = 20

/** From when on an event is attributed. */
export interface Thresholds {
  /** The least calibrated posterior that attributes (τ). */
  readonly minConfidence: number
  /** The least distance of the best posterior to the second, neither calibrated (δ). */
  readonly minMargin: number
}

/** What is expected of an event, calibrated: with `rightProbability` its best candidate's, with `nobodysProbability` no company's of ours. */
export interface Prospect {
  readonly rightProbability: number
  readonly nobodysProbability: number
  /** Whether it is attributed if it is sure enough: no veto is against it. */
  readonly isAttributable: boolean
}

/**
 * τ and δ without any experience. If at most `uncertainShare` of the attributed events are uncertain at all, and each of them is
 * wrong with at most 1 − τ, the whole is wrong with at most `uncertainShare` · (1 − τ): the tolerance, by this τ.
 */
export function assumedThresholds(tolerance: number, uncertainShare: number): Thresholds {
  return withMargin(1 - tolerance / uncertainShare)
}

/**
 * τ and δ by experience: the least τ above which the prospects promise at most `tolerance` wrong ones among the attributed, of what is
 * nobody's at most `tolerance` attributed, and of no single one more than twenty times that. At 1 − `tolerance` each attribution keeps
 * the first by itself, so that τ is never above that.
 */
export function thresholdsBy(prospects: readonly Prospect[], tolerance: number): Thresholds {
  const nobodys = prospects.reduce((sum, { nobodysProbability }) => sum + nobodysProbability, 0)
  const surestFirst = prospects.filter(({ isAttributable }) => isAttributable).toSorted((a, b) => b.rightProbability - a.rightProbability)
  let minConfidence = 1 - tolerance
  let [attributed, wrong, taken] = [0, 0, 0]
  for (const [index, { rightProbability, nobodysProbability }] of surestFirst.entries()) {
    attributed += 1
    wrong += 1 - rightProbability
    taken += nobodysProbability
    if (wrong > tolerance * attributed || taken > tolerance * nobodys) break
    // Those that are equally sure stand or fall together.
    if (surestFirst[index + 1]?.rightProbability !== rightProbability) minConfidence = Math.min(minConfidence, rightProbability)
  }
  return withMargin(Math.max(1 - worstFactor * tolerance, minConfidence))
}

/** All hypotheses together are 1: beside a best one at the threshold the second has at most the rest, and none may stand closer than that. */
function withMargin(minConfidence: number): Thresholds {
  return { minConfidence, minMargin: 2 * minConfidence - 1 }
}
