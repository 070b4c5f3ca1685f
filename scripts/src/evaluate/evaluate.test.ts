import { expect, test } from 'vitest'
import { createDirectory } from './directory.ts'
import { evaluateAttribution } from './evaluate.ts'
import { toJson } from './report.ts'
import { play } from './play.ts'
import { type FirstOfEntity, type Model, shippedModel } from './resolver.ts'
import { first, type Profile } from './world/profile.ts'
import { createWorld } from './world/world.ts'

/** Small, and so full of traps that a few thousand events meet every one. */
const trapped: Profile = {
  ...first,
  companies: 120,
  events: 4_000,
  unknownShare: 0.12,
  callCentres: { share: 0.4, size: [4, 10], calls: 0.5, oneAgent: 0.3 },
  recycled: { share: 0.05, late: 0.7, lateDays: 8 },
  moved: { share: 0.05, late: 0.6, lateDays: 8 },
  wronglyEntered: 0.004,
  metadata: { ...first.metadata, wrongTemplate: 0.03 },
  callerText: { forged: 0.05, honest: 0.02 },
}
const evaluate = (alter?: (model: Model) => Model) => evaluateAttribution(trapped, 2, undefined, alter)

test('a model fitted meanwhile is right where routers are not, and hardly covers less', async () => {
  const { model, fits, rates, eceUncertain, uncertainEvents, labels, traits } = await evaluate()
  expect(model.version).toMatch(/^fitted-/)
  expect(fits.made).toBeGreaterThan(2)
  expect(labels.audits).toBeGreaterThan(0)
  expect(rates.fitted.wrongRate).toBeLessThan(0.002)
  expect(rates.fitted.unknownAttributedRate).toBeLessThan(0.005)
  expect(rates.fitted.coverage).toBeGreaterThan(0.9)
  expect(rates['first match'].wrongRate).toBeGreaterThan(0.05)
  expect(uncertainEvents).toBeGreaterThan(50)
  expect(eceUncertain).toBeLessThan(0.1)
  // Each trap is one for a router.
  for (const trait of ['shared number', 'unknown company', 'wrong metadata', 'forged caller text'] as const) {
    expect([trait, traits.get(trait)?.wrong['first match, callers’ text']]).not.toEqual([trait, 0])
  }
})

test('before there are labels, the veto of trusted signals that disagree keeps events from wrong companies', async () => {
  // Too few events for a fit: it would learn by itself which of the signals mislead.
  const early = { ...trapped, events: 1_500 }
  const without = (model: Model): Model => ({
    ...model,
    kinds: Object.fromEntries(Object.entries(model.kinds).map(([kind, weight]) => [kind, { ...weight, trusted: false }])) as Model['kinds'],
  })
  const [vetoed, unhindered] = [await evaluateAttribution(early, 1), await evaluateAttribution(early, 1, undefined, without)]
  expect(vetoed.model.version).toBe('shipped-4')
  expect(vetoed.quarantine.get('conflict')?.owned).toBeGreaterThan(0)
  expect(unhindered.rates.fitted.wrong).toBeGreaterThan(vetoed.rates.fitted.wrong)
})

test('without “none of ours” strangers are attributed', async () => {
  const without = await evaluate((model) => ({ ...model, noneLogOdds: -1e6, unnamedLogOdds: -1e6 }))
  expect(without.rates.fitted.unknownAttributedRate).toBeGreaterThan(0.01)
})

test('without τ and δ guesses are attributed', async () => {
  const [careful, without] = [await evaluate(), await evaluate((model) => ({ ...model, minConfidence: 0, minMargin: 0 }))]
  expect(without.rates.fitted.wrong).toBeGreaterThan(careful.rates.fitted.wrong + 3)
})

test('the same seed makes the same world and the same figures, another seed another world', async () => {
  const [once, again, other] = [createWorld(trapped, 7), createWorld(trapped, 7), createWorld(trapped, 8)]
  const bodies = ({ present, ...world }: typeof once) => {
    const { ringing } = createDirectory({ ...world, present } as typeof once)
    return present.slice(0, 200).map(({ body, truth }) => JSON.stringify([body(ringing), truth]))
  }
  expect(bodies(once)).toEqual(bodies(again))
  expect(bodies(once)).not.toEqual(bodies(other))
})

test('the outcome for a program has exactly the agreed members', async () => {
  expect(Object.keys(JSON.parse(toJson(await evaluate())) as object)).toEqual([
    'coverage',
    'wrongRate',
    'unknownAttributedRate',
    'eceUncertain',
    'uncertainEvents',
    'brier',
    'firstMatch',
    'majority',
  ])
})

test('where an entity’s first event went holds for the events of later stretches', async () => {
  const world = createWorld(trapped, 3)
  const carried = async (entitiesOf: () => Map<string, FirstOfEntity>) => {
    const directory = createDirectory(world)
    let count = 0
    for (let start = 0; start < 2_000; start += 1) {
      const played = await play(world.past.slice(start, start + 1), directory, [{ model: shippedModel, entities: entitiesOf() }])
      for (const { attributions } of played) {
        if (attributions[0]?.waterfall.some(({ kind, companyIds }) => kind === 'entity' && companyIds.length > 0)) count += 1
      }
    }
    return count
  }
  const kept = new Map<string, FirstOfEntity>()
  expect(await carried(() => kept)).toBeGreaterThan(await carried(() => new Map()))
})
