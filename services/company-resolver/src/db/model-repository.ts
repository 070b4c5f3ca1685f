import { createLru, type Database, keyset, pageOf, positionToken, type Transaction, withTransaction } from '@frontdesk/database'
import { count, desc, eq, getTableColumns, inArray, isNotNull } from 'drizzle-orm'
import type { InForce, KeptModel, ModelStore } from '../app/model-ports.ts'
import type { Model } from '../domain/model.ts'
import type { Activation } from '../domain/model-activation.ts'
import { stateId } from './change-directory.ts'
import type { ModelInForce } from './model-in-force.ts'
import { parseModel, parseTrial, toParameters, unreadablePartOf } from './model-json.ts'
import { directoryState } from './schema/directory-state.ts'
import { modelActivations } from './schema/model-activations.ts'
import { models } from './schema/models.ts'

type Orm = Pick<Database['orm'], 'select'>

/** So many models are remembered, of a MB or two each. */
const parsedMax = 8
const numbers = { version: models.version, parameters: models.parameters }
/** All but the numbers, which are long. */
const { parameters: _parameters, labelsThrough: _labelsThrough, ...listed } = getTableColumns(models)

/** Makes the repository of models. */
export function createModelRepository(database: Database, shipped: Model, current: ModelInForce): ModelStore {
  const { orm } = database
  // A version's numbers never change, and there may be a MB of them to read.
  const parsed = createLru<Model>({ maxEntries: parsedMax, maxCharacters: Number.POSITIVE_INFINITY })

  async function inForce(on: Orm): Promise<InForce> {
    const [state] = await on.select({ version: directoryState.modelVersion }).from(directoryState).where(eq(directoryState.id, stateId))
    const version = state?.version ?? shipped.version
    const model = await current.ofVersion(on, version)
    const [fitted] = await on.select({ through: models.labelsThrough }).from(models).where(eq(models.version, version))
    const [activation] = await activationsOf(on, 1)
    return { version, model, labelsThrough: fitted?.through ?? 0n, activation: activation && toActivation(activation) }
  }

  async function activate(tx: Transaction, activation: Omit<Activation, 'previousVersion'>): Promise<void> {
    const { version: modelVersion, act, by: activatedBy, at: activatedAt } = activation
    const { version: previousVersion } = await inForce(tx.orm)
    await tx.orm.update(directoryState).set({ modelVersion }).where(eq(directoryState.id, stateId))
    await tx.orm.insert(modelActivations).values({ version: modelVersion, previousVersion, act, activatedBy, activatedAt })
  }

  return {
    inForce: () => inForce(orm),

    async lastFit() {
      const [row] = await fits(orm)
      return row && { createdAt: row.createdAt, labelsThrough: row.labelsThrough ?? 0n }
    },

    async nextVersion() {
      const [row] = await orm.select({ made: count() }).from(models).where(isNotNull(models.labelsThrough))
      return `fitted-${1 + (row?.made ?? 0)}`
    },

    async list(page) {
      const rows = await modelsBefore(orm, page)
      return pageOf(rows, page.limit, toKeptModel, ({ createdAt, version }) => positionToken({ instant: createdAt, id: version }))
    },

    async get(version) {
      const [row] = await orm.select(listed).from(models).where(eq(models.version, version))
      return row && toKeptModel(row)
    },

    async find(versions) {
      const wanted = [...new Set(versions)].filter((version) => version !== shipped.version)
      const known = wanted.flatMap((version) => parsed.get(version) ?? [])
      const missing = wanted.filter((version) => !known.some((model) => model.version === version))
      const rows = missing.length === 0 ? [] : await orm.select(numbers).from(models).where(inArray(models.version, missing))
      const read = rows.flatMap(({ version, parameters }) => readable(() => parseModel(version, parameters)) ?? [])
      for (const model of read) parsed.set(model.version, model)
      return new Map([shipped, ...known, ...read].map((model) => [model.version, model]))
    },

    async activations(limit, version) {
      const rows = await activationsOf(orm, limit, version)
      return rows.map(toActivation)
    },

    keep({ model, labels, audits, labelsThrough, trial }, { by, at, objection: spoken, was }) {
      // What could not be read would leave the decisions to the shipped model.
      const unreadable = unreadablePartOf(model)
      const known = spoken ?? (unreadable && `its numbers can’t be read back: ${unreadable}`)
      return withTransaction(database, async (tx) => {
        await lockState(tx)
        const now = await inForce(tx.orm)
        const replaced = now.activation?.sequence !== was.activation?.sequence || now.version !== was.version
        const objection = known ?? (replaced ? `${now.version} has come into force meanwhile` : undefined)
        await tx.orm.insert(models).values({
          version: model.version,
          createdAt: at,
          createdBy: by,
          parameters: toParameters(model),
          labels,
          audits,
          labelsThrough,
          trial,
          objection: objection ?? null,
        })
        if (objection === undefined) await activate(tx, { version: model.version, act: 'fitted', by, at })
        return objection
      })
    },

    choose: (version, { by, at }) =>
      withTransaction(database, async (tx) => {
        await lockState(tx)
        const { activation } = await inForce(tx.orm)
        if (activation?.act === 'chosen' && activation.version === version) return false
        await activate(tx, { version, act: 'chosen', by, at })
        return true
      }),

    release: ({ by, at }) =>
      withTransaction(database, async (tx) => {
        await lockState(tx)
        const { activation } = await inForce(tx.orm)
        if (activation?.act !== 'chosen') return false
        await activate(tx, { version: activation.version, act: 'released', by, at })
        return true
      }),
  }
}

/** Keeps the model that a release ships, so that what it decided can be explained, and it can be chosen, once it ships no more. */
export async function keepShippedModel({ orm }: Pick<Database, 'orm'>, shipped: Model, at: Date): Promise<void> {
  const { version } = shipped
  await orm
    .insert(models)
    .values({ version, createdAt: at, createdBy: 'company-resolver', parameters: toParameters(shipped) })
    .onDuplicateKeyUpdate({ set: { version } })
}

/** Waits for the batches in hand, and holds off further ones until the commit. */
async function lockState({ orm }: Transaction): Promise<void> {
  await orm
    .insert(directoryState)
    .values({ id: stateId, directoryVersion: 0n, secretVersion: 0n })
    .onDuplicateKeyUpdate({ set: { id: stateId } })
}

const byTime = keyset(models.createdAt, models.version, 'latest first')

export function modelsBefore(orm: Orm, { limit, pageToken }: Parameters<ModelStore['list']>[0]) {
  return orm
    .select(listed)
    .from(models)
    .where(byTime.behind(pageToken))
    .orderBy(...byTime.order)
    .limit(limit)
}

function fits(orm: Orm) {
  return orm
    .select({ createdAt: models.createdAt, labelsThrough: models.labelsThrough })
    .from(models)
    .where(isNotNull(models.labelsThrough))
    .orderBy(...byTime.order)
    .limit(1)
}

function activationsOf(orm: Orm, limit: number, version?: string) {
  const of = version === undefined ? undefined : eq(modelActivations.version, version)
  return orm.select().from(modelActivations).where(of).orderBy(desc(modelActivations.sequence)).limit(limit)
}

function toActivation({
  activatedBy: by,
  activatedAt: at,
  ...row
}: typeof modelActivations.$inferSelect): NonNullable<InForce['activation']> {
  return { ...row, by, at }
}

function toKeptModel(row: Pick<typeof models.$inferSelect, keyof typeof listed>): KeptModel {
  const { version, createdAt, createdBy, labels, audits, trial, objection } = row
  const fit = labels === null || audits === null ? undefined : { labels, audits, trial: readable(() => parseTrial(trial)) }
  return { version, createdAt, createdBy, fit, objection: objection ?? undefined }
}

/** A release may know other kinds of evidence than the one that kept it. */
function readable<Parsed>(parse: () => Parsed): Parsed | undefined {
  try {
    return parse()
  } catch {
    return undefined
  }
}
