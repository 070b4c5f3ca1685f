import { z } from 'zod'
import { evidenceKinds } from '../domain/evidence.ts'
import type { Model } from '../domain/model.ts'
import type { Trial } from '../domain/trial.ts'

/** A share whose logarithm, and that of the rest, is finite. */
const share = z.number().gt(0).lt(1)

const kindWeight = z
  .strictObject({
    m: share,
    u: share,
    strangers: share,
    shared: z.strictObject({ companies: share, strangers: share }),
    trusted: z.boolean(),
  })
  .refine(({ m, u, strangers }) => u <= strangers && strangers <= m, 'u ≤ strangers ≤ m')

const parameters = z.strictObject({
  kinds: z.strictObject(
    Object.fromEntries(evidenceKinds.map((kind) => [kind, kindWeight])) as Record<(typeof evidenceKinds)[number], typeof kindWeight>,
  ),
  companies: z.number().int().min(1),
  noneLogOdds: z.number(),
  unnamedLogOdds: z.number(),
  calibration: z.record(z.string(), z.number()),
  doubts: z.record(z.string(), share),
  minConfidence: z.number().gt(0).lte(1),
  minMargin: z.number().gte(-1).lte(1),
}) satisfies z.ZodType<Omit<Model, 'version'>>

const loss = z.strictObject({ logLoss: z.number().gte(0), brier: z.number().gte(0) })
const proportion = z.number().gte(0).lte(1)

const trial = z.strictObject({
  against: z.string(),
  labels: z.number().int().gte(0),
  inForce: loss,
  fitted: loss,
  attributedShare: z.strictObject({ inForce: proportion, fitted: proportion }),
}) satisfies z.ZodType<Trial>

/** What is kept of a model beside its version. */
export function toParameters({ version: _version, ...rest }: Model): unknown {
  return rest
}

/** The model that was kept under a version. @throws ZodError if it is none of this release's: nothing is left out, too much, or beyond its bounds. */
export function parseModel(version: string, kept: unknown): Model {
  return { version, ...parameters.parse(kept) }
}

/** Which part of a model could not be read back from its JSON; undefined if all of it can. */
export function unreadablePartOf(model: Model): string | undefined {
  const kept: unknown = JSON.parse(JSON.stringify(toParameters(model)))
  const { error } = parameters.safeParse(kept)
  return error && String(error.issues[0]?.path[0] ?? 'the whole')
}

/** How a fit did. @throws ZodError. */
export function parseTrial(kept: unknown): Trial {
  return trial.parse(kept)
}
