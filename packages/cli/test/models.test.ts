import { EvidenceKind, Model, ModelActivation } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { at } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()
const trial = {
  against: 'shipped-4',
  labels: 520,
  logLossInForce: 6.8391,
  logLossFitted: 0.0003,
  brierInForce: 0.4988,
  brierFitted: 0.0001,
  attributedShareInForce: 0.981,
  attributedShareFitted: 0.977,
}
const fitted = Model.fromPartial({ version: 'fitted-1', createdAt: at, createdBy: 'usr_ada', fit: { labels: 520, audits: 240, trial } })
const shipped = Model.fromPartial({ version: 'shipped-4', createdAt: at, createdBy: 'company-resolver' })
const parameters = {
  kinds: [{ kind: EvidenceKind.METADATA, m: 0.9, u: 1e-6, strangers: 1e-6, trusted: true, matchWeight: 13.71, missWeight: 2.3 }],
  companies: 2,
  minConfidence: 0.9987,
  minMargin: 0.99,
  calibration: { 'phone_number own': -0.5 },
  doubts: {},
}
const since = ModelActivation.fromPartial({
  version: 'fitted-1',
  previousVersion: 'shipped-4',
  activatedBy: 'company-resolver',
  activatedAt: at,
})

test('models list says which model decides, since when and by whom, and what is missing for a first fit', async () => {
  let labels = 37
  const cli = await operator({
    models: {
      listModels: () =>
        Promise.resolve({
          models: labels < 500 ? [shipped] : [fitted, shipped],
          versionInForce: labels < 500 ? 'shipped-4' : 'fitted-1',
          labels,
          labelsNeeded: 500,
          activations:
            labels < 500
              ? []
              : [{ ...since, released: true, activatedBy: 'usr_eve' }, { ...since, chosen: true, activatedBy: 'usr_bob' }, since],
        }),
    },
  })
  expect((await cli('models', 'list')).out).toMatch(/In force +shipped-4\nExperience +37 of 500 labels: nothing is fitted before\n/)
  labels = 520
  const { out } = await cli('models', 'list')
  expect(out).toMatch(/Experience +520 labels\n/)
  expect(out).toMatch(/fitted-1 +in force +520 labels\n.*shipped-4 +shipped\n/)
  expect(out).toMatch(/usr_eve, for automatic fits to take over\n.*fitted-1 +shipped-4 +usr_bob, by hand\n.*company-resolver, as a fit/)
  expect(JSON.parse((await cli('models', 'list', '--json')).out)).toMatchObject({ versionInForce: 'fitted-1', labels: 520 })
})

test('models show has every number, the one in force when none is named', async () => {
  const cli = await operator({
    models: {
      getModel: ({ version }) =>
        Promise.resolve({
          model: { ...fitted, version: version || 'fitted-1', parameters },
          inForce: version === '',
          activations: [since],
        }),
    },
  })
  const { out } = await cli('models', 'show')
  expect(out).toMatch(/Model +fitted-1\nIn force +yes\n/)
  expect(out).toMatch(/Log loss +0\.0003, of shipped-4 6\.8391\n/)
  expect(out).toMatch(/Would attribute +97\.7%, of shipped-4 98\.1%, of recent events\n/)
  expect(out).toMatch(/τ +0\.998700\n/)
  expect(out).toMatch(/Calibration +1 cases/)
  expect(out).toMatch(/metadata +0\.9000 +0\.000001000 +0\.000001000 +13\.71 +2\.30 +yes/)
  expect((await cli('models', 'show', 'shipped-4')).out).toMatch(/Model +shipped-4\nIn force +no\n/)
  expect(JSON.parse((await cli('models', 'show', '--json')).out)).toMatchObject({ inForce: true, model: { version: 'fitted-1' } })
})

test('models refit tells what came of it: too few labels, a dry run, in force, or kept and why', async () => {
  const answers = [
    { labels: 37, labelsNeeded: 500, objection: '37 of 500 labels' },
    { labels: 520, model: { ...fitted, parameters: { ...parameters, calibration: {} } }, activated: true },
    { labels: 520, model: { ...fitted, parameters: { ...parameters, calibration: {} } }, activated: true },
    { labels: 520, model: { ...fitted, fit: { labels: 520, objection: 'it foretells worse' } }, objection: 'it foretells worse' },
    { labels: 37, labelsNeeded: 500 },
  ]
  const asked: boolean[] = []
  const cli = await operator({
    models: {
      refitModel: ({ dryRun }) => {
        asked.push(dryRun)
        return Promise.resolve(answers.shift() ?? {})
      },
    },
  })
  expect((await cli('models', 'refit')).out).toBe('Nothing was fitted: 37 of 500 labels.')
  const dry = await cli('models', 'refit', '--dry-run')
  expect([dry.out, dry.err]).toEqual([expect.stringMatching(/In force +it would be\n/), expect.stringContaining('Nothing was kept')])
  const made = (await cli('models', 'refit')).out
  expect(made).toMatch(/In force +from now on\n/)
  // An answer to a refit leaves these out, which does not mean that there are none.
  expect(made).not.toMatch(/Calibration|Doubts/)
  const kept = await cli('models', 'refit')
  expect(kept.out).toMatch(/In force +no\nWhy not +it foretells worse\n/)
  expect(kept.err).toContain('pnpm frontdesk models activate fitted-1')
  expect(JSON.parse((await cli('models', 'refit', '--json')).out)).toMatchObject({ labels: 37, labelsNeeded: 500 })
  expect(asked).toEqual([false, true, false, false, false])
})

test('models activate names the model that decides from now on, and one that does not exist ends in exit code 1', async () => {
  const cli = await operator({
    models: {
      activateModel: ({ version, automatic }) =>
        Promise.resolve({ alreadyInForce: version === 'fitted-1' || (automatic && held.pop() === undefined) }),
    },
  })
  const held = ['shipped-4']
  expect((await cli('models', 'activate', 'shipped-4')).out).toBe('shipped-4 decides from now on.')
  expect((await cli('models', 'activate', 'fitted-1')).out).toBe('fitted-1 is in force already, by choice.')
  expect((await cli('models', 'activate', '--automatic')).out).toBe('Automatic fits take over from now on.')
  expect((await cli('models', 'activate', '--automatic')).out).toBe('No choice holds automatic fits back.')
  expect(await cli('models', 'activate')).toMatchObject({ code: 2 })
  expect(await cli('models', 'activate', 'fitted-1', '--automatic')).toMatchObject({ code: 2 })
  const none = await operator()
  expect(await none('models', 'activate', 'fitted-9')).toMatchObject({ code: 1, err: expect.stringContaining('[not_found]') as string })
})
