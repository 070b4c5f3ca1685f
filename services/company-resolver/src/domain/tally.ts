/** How many labels there are, each standing for as many events as its propensity says, and how many of them hit. */
export interface Tally {
  weight: number
  /** Of the squared weights: a few audits that stand for many events say as little as a few labels do. */
  squares: number
  hits: number
}

/** A tally of nothing. */
export function newTally(): Tally {
  return { weight: 0, squares: 0, hits: 0 }
}

/** Counts a label. */
export function count(tally: Tally, weight: number, isHit: boolean): void {
  tally.weight += weight
  tally.squares += weight * weight
  if (isHit) tally.hits += weight
}

/** The share of hits, drawn to a prior that is worth so many labels of the tally's own kind (Kish's effective number). */
export function share({ weight, squares, hits }: Tally, prior: number, priorLabels: number): number {
  if (weight === 0) return prior
  const effective = (weight * weight) / squares
  return ((hits / weight) * effective + priorLabels * prior) / (effective + priorLabels)
}
