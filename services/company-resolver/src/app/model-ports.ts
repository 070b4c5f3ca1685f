import type { Page } from '@frontdesk/database'
import type { Adjudication } from '../domain/adjudication.ts'
import type { Model } from '../domain/model.ts'
import type { Activation } from '../domain/model-activation.ts'
import type { MatchedEvidence } from '../domain/evidence.ts'
import type { Trial } from '../domain/trial.ts'

/** A label, and its place in the order in which they were made. */
export interface PlacedLabel {
  readonly sequence: bigint
  readonly label: Adjudication
}

/** What a fit is made of. */
export interface ExperienceReader {
  /** The newest of what persons said, one label an event, the oldest of them first. */
  labels(limit: number): Promise<PlacedLabel[]>
  /** How many events have a label that was made after that place. */
  countLabels(after: bigint): Promise<number>
  /** The evidence of the newest events. */
  recent(limit: number): Promise<(readonly MatchedEvidence[])[]>
  /** How many companies are active. */
  countCompanies(): Promise<number>
}

/** A fit with all that explains it. */
export interface Fit {
  readonly model: Model
  readonly labels: number
  /** Of the labels those of events that were drawn by lot. */
  readonly audits: number
  /** The place of the newest label. */
  readonly labelsThrough: bigint
  readonly trial: Trial
}

/** A model as it is kept, but for its numbers; the shipped ones are of no fit. A trial that this release can't read is left out. */
export interface KeptModel {
  readonly version: string
  readonly createdAt: Date
  readonly createdBy: string
  readonly fit: (Pick<Fit, 'labels' | 'audits'> & { readonly trial: Trial | undefined }) | undefined
  /** Why a fit did not come into force by itself. */
  readonly objection: string | undefined
}

/** The model that decides, and how it came to. */
export interface InForce {
  /** The one in force; where this release can't read it, the model is the shipped one. */
  readonly version: string
  readonly model: Model
  /** Up to which place it was fitted on labels; 0 for a shipped one. */
  readonly labelsThrough: bigint
  /** The last change of what is in force; undefined before there was one. */
  readonly activation: (Activation & { readonly sequence: bigint }) | undefined
}

/** The models by their versions. */
export interface ModelStore {
  inForce(): Promise<InForce>
  /** The last fit, whatever became of it. */
  lastFit(): Promise<{ readonly createdAt: Date; readonly labelsThrough: bigint } | undefined>
  /** The version of the next fit. */
  nextVersion(): Promise<string>
  /** Newest first. */
  list(page: { limit: number; pageToken: string }): Promise<Page<KeptModel>>
  get(version: string): Promise<KeptModel | undefined>
  /** The models that made decisions, as far as they are kept. */
  find(versions: readonly string[]): Promise<ReadonlyMap<string, Model>>
  /** The newest changes of what is in force, the newest first; of one model, if it is given. */
  activations(limit: number, version?: string): Promise<Activation[]>
  /**
   * Keeps a fit, and in the same commit puts it in force unless there is an objection or another model has come into force since
   * `was`. Returns the objection that it was kept with.
   */
  keep(fit: Fit, made: { by: string; at: Date; objection: string | undefined; was: InForce }): Promise<string | undefined>
  /** Puts a model in force by a person's choice, or holds the one that is; false if it was chosen already. */
  choose(version: string, chosen: { by: string; at: Date }): Promise<boolean>
  /** Ends the hold of a person's choice, which stays in force until the next fit; false if there is none. */
  release(released: { by: string; at: Date }): Promise<boolean>
}
