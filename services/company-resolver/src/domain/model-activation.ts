/**
 * How a model came into force: as a fit that nothing spoke against, or chosen by a person, which no automatic fit overrules until a person
 * has released it.
 */
export type ActivationAct = 'fitted' | 'chosen' | 'released'

/** A change of the model that decides. */
export interface Activation {
  readonly version: string
  readonly previousVersion: string
  readonly act: ActivationAct
  readonly by: string
  readonly at: Date
}
