import { deriveEventId, newId } from '@frontdesk/contracts'
import { type Database, withDatabaseLock, withTransaction } from '@frontdesk/database'
import { afterEach, beforeEach } from 'vitest'
import { activateModel, releaseModel } from '../src/app/activate-model.ts'
import { attributeEvents } from '../src/app/attribute-events.ts'
import { type RefitDependencies, refitIfDue, refitModel } from '../src/app/refit-model.ts'
import { createAttributionLedger } from '../src/db/attribution-ledger.ts'
import { createExperienceReader } from '../src/db/experience-reader.ts'
import { createModelInForce } from '../src/db/model-in-force.ts'
import { createModelRepository } from '../src/db/model-repository.ts'
import * as schema from '../src/db/schema/index.ts'
import { createSignalCache } from '../src/db/signal-cache.ts'
import type { ProviderEvent } from '../src/domain/attribute.ts'
import type { QuarantineReason } from '../src/domain/decide.ts'
import type { MatchedEvidence } from '../src/domain/evidence.ts'
import { shippedModel } from '../src/domain/model.ts'
import type { ReviewAct } from '../src/domain/review.ts'
import { openMigratedDatabase } from './migrated-database.ts'

/** What a person said of an event. */
export interface Said {
  readonly key?: string
  readonly act?: ReviewAct
  readonly companyId?: string | undefined
  readonly waitedFor?: QuarantineReason
  readonly propensity?: number | null
  readonly evidence?: readonly MatchedEvidence[]
}

const idOf = (key: string) => deriveEventId([key])

/** A number that the directory does not know. */
export const number: MatchedEvidence = { kind: 'phone_number', value: '+4930123456', companyIds: [] }

/** For a file of tests: a database of its own with a company for each, replicas that decide and fit on it, and what persons said. */
export function modelsForEachTest() {
  let context: Awaited<ReturnType<typeof openMigratedDatabase>>
  let companyId: string
  let clock: Date
  beforeEach(async () => {
    context = await openMigratedDatabase()
    companyId = await context.aCompany()
    clock = new Date('2026-11-29T12:00:00Z')
  })
  afterEach(() => context[Symbol.asyncDispose]())

  const later = (minutes: number) => void (clock = new Date(clock.getTime() + minutes * 60_000))

  /** What one replica has of its own. */
  function aReplica(database: Database = context.database) {
    const errors: unknown[] = []
    const inForce = createModelInForce(shippedModel, { error: (...said: unknown[]) => void errors.push(said) })
    const models = createModelRepository(database, shippedModel, inForce)
    const now = () => clock
    const refitting: RefitDependencies = {
      experience: createExperienceReader(database),
      models,
      shipped: shippedModel,
      alone: (work) => withDatabaseLock(database, 'refit', work, { waitMs: 0 }),
      turn: async () => {},
      now,
    }
    const ledger = { cache: createSignalCache(100), models: inForce, now }
    return {
      database,
      errors,
      models,
      ledger,
      refit: refitModel(refitting),
      refitIfDue: refitIfDue(refitting, { afterLabels: 100, intervalMs: 60 * 60_000 }),
      activate: activateModel({ models, now }),
      release: releaseModel({ models, now }),
      /** The version by which it decides an event. */
      async decides() {
        const decide = (tx: Parameters<typeof createAttributionLedger>[0]) =>
          attributeEvents({ ledger: createAttributionLedger(tx, ledger) })
        const [decided] = await withTransaction(database, (tx) => decide(tx)([anEvent()]))
        return decided?.modelVersion
      },
    }
  }

  const anEvent = (): ProviderEvent => ({
    eventId: deriveEventId([newId('evt')]),
    revision: 1,
    eventType: 'frontdesk.call.ended.v1',
    provider: 'retell',
    entity: { provider: 'retell', scope: 'platform', type: 'call', id: newId('call') },
    entityStartedAt: undefined,
    receivedAt: clock,
    evidence: [{ kind: 'metadata', value: companyId }],
    schemaViolations: [],
    source: {},
  })

  /** What persons said of events that were decided before, in this order. */
  async function review(said: readonly Said[]): Promise<void> {
    const { orm } = context.database
    const rows = said.map((one) => ({ key: newId('evt'), ...one }))
    const decisions = new Map(rows.map((row) => [row.key, row])).values()
    await orm
      .insert(schema.attributions)
      .values(
        [...decisions].map(({ key, evidence = [] }) => ({
          eventId: idOf(key),
          revision: 1,
          eventType: 'frontdesk.call.ended.v1' as const,
          source: {},
          reason: 'no_match' as const,
          details: [],
          waterfall: evidence.map((piece) => ({ ...piece, weight: 0, running: [] })),
          candidates: [],
          nonePosterior: 0,
          modelVersion: 'shipped-4',
          directoryVersion: 1n,
          asOf: clock,
          decidedAt: clock,
        })),
      )
      .onDuplicateKeyUpdate({ set: { revision: 1 } })
    await orm.insert(schema.reviews).values(
      rows.map(({ key, act = 'discarded', propensity = 1, ...row }) => ({
        eventId: idOf(key),
        revision: 1,
        act,
        companyId: row.companyId ?? null,
        waitedFor: row.waitedFor ?? null,
        reviewedBy: 'usr_ada',
        reviewedAt: clock,
        note: '',
        modelVersion: 'shipped-4',
        propensity,
      })),
    )
  }

  /** As many strangers, and now and then a company's call from a number that the directory did not know. */
  const strangers = (count: number): Said[] =>
    Array.from({ length: count }, (_, index): Said =>
      index % 5 === 0
        ? { act: 'released', companyId, evidence: [number, { kind: 'team', value: '1', companyIds: [companyId] }] }
        : { evidence: [number] },
    )
  const versions = async () =>
    (await context.database.orm.select({ version: schema.models.version }).from(schema.models)).map((row) => row.version)

  return {
    get context() {
      return context
    },
    get companyId() {
      return companyId
    },
    now: () => clock,
    aReplica,
    anEvent,
    review,
    strangers,
    versions,
    later,
  }
}
