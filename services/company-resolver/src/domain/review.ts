/** What became of an event by a person's act; of a sibling, by his bulk release. */
export type ReviewAct = 'released' | 'sibling_released' | 'discarded' | 'confirmed' | 'corrected'

/** The acts that say of this very event whose it is, or that it went to a company though it is nobody's. */
export const holdingActs = ['released', 'confirmed', 'corrected'] as const satisfies readonly ReviewAct[]

/** One act of a person on one event: the audit, and the label that weights are fitted by. */
export interface Review {
  readonly act: ReviewAct
  /** Whose the event is; undefined for nobody's. */
  readonly companyId: string | undefined
  readonly by: string
  readonly at: Date
  readonly note: string
  /** The chance that the event had of being looked at; undefined where nobody can say it, and so it is no label. */
  readonly propensity: number | undefined
}

/** Everything that waits is looked at. */
export const quarantinePropensity = 1

const noteLengthMax = 500

/** Whether a note can be kept. */
export function isNote(text: string): boolean {
  return text.length <= noteLengthMax && !/\p{Cc}/u.test(text)
}
