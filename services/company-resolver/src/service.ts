import { setImmediate } from 'node:timers/promises'
import { connectBus, watchTopology } from '@frontdesk/bus'
import {
  AttributionServiceDefinition,
  AuditServiceDefinition,
  BranchServiceDefinition,
  type CompanyId,
  DirectoryServiceDefinition,
  ModelServiceDefinition,
  newId,
  OperationsServiceDefinition,
  VaultServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase, withDatabaseLock } from '@frontdesk/database'
import { consumeDurables, createOperations, createOutbox, keepRoomForMarks } from '@frontdesk/outbox'
import { createRpcServer, createTokenVerifier, forAllCompanies } from '@frontdesk/rpc'
import { repeat, startServiceAdmin, startTelemetry } from '@frontdesk/service'
import { createTelemetry, type Logger, type Telemetry } from '@frontdesk/telemetry'
import { fixedKeyRing, type KeyRingSource, openKeyRingFile, parseKeyRing } from '@frontdesk/vault'
import { activateModel, releaseModel } from './app/activate-model.ts'
import { addSignal } from './app/add-signal.ts'
import { createBranch, deactivateBranch, updateBranch } from './app/change-branch.ts'
import { deactivateCompany, reactivateCompany, updateCompany } from './app/change-company.ts'
import { addPhoneNumber, endPhoneNumber, portPhoneNumber } from './app/change-phone-number.ts'
import { createCompany } from './app/create-company.ts'
import { createConnection } from './app/create-connection.ts'
import { deactivateConnection } from './app/deactivate-connection.ts'
import { discardEvent } from './app/discard-event.ts'
import { endSignal } from './app/end-signal.ts'
import { planReattribution } from './app/plan-reattribution.ts'
import { type RefitDependencies, refitIfDue, refitModel } from './app/refit-model.ts'
import { releaseEvent } from './app/release-event.ts'
import { releaseSiblings } from './app/release-siblings.ts'
import { resolveCompany } from './app/resolve-company.ts'
import { reviewAttribution } from './app/review-attribution.ts'
import { rotateConnectionSecret } from './app/rotate-connection-secret.ts'
import { rotateKeys } from './app/rotate-keys.ts'
import type { Config } from './config.ts'
import { createAttributionLedger } from './db/attribution-ledger.ts'
import { createAttributionReader } from './db/attribution-reader.ts'
import { createBranchRepository } from './db/branch-repository.ts'
import { createCompanyRepository } from './db/company-repository.ts'
import { type ConnectionRepositoryDependencies, createConnectionRepository } from './db/connection-repository.ts'
import { createConnectionSecretsReader } from './db/connection-secrets-reader.ts'
import { createExperienceReader } from './db/experience-reader.ts'
import { createAuditReader, createJournal } from './db/journal.ts'
import { createKeyRotations } from './db/key-rotations.ts'
import { createKeyStatusReader } from './db/key-status-reader.ts'
import { createSignalLookUp } from './db/known-signals.ts'
import { measureModel } from './db/measure-model.ts'
import { createModelInForce } from './db/model-in-force.ts'
import { createModelRepository, keepShippedModel } from './db/model-repository.ts'
import { createPhoneNumberRepository } from './db/phone-number-repository.ts'
import { createQuarantineRepository } from './db/quarantine-repository.ts'
import { createReattributionReader } from './db/reattribution-reader.ts'
import { createReviewRepository } from './db/review-repository.ts'
import * as schema from './db/schema/index.ts'
import { createSealing } from './db/sealing.ts'
import { createSignalCache } from './db/signal-cache.ts'
import { createSignalRepository } from './db/signal-repository.ts'
import { shippedModel } from './domain/model.ts'
import { directoryChanged } from './events/directory-changed.ts'
import { eventWithdrawn } from './events/event-withdrawn.ts'
import { createProviderEventHandler } from './events/on-provider-event.ts'
import { passOnReleased } from './events/pass-on.ts'
import { createAttributionService } from './rpc/attribution-service.ts'
import { createAuditService } from './rpc/audit-service.ts'
import { createBranchService } from './rpc/branch-service.ts'
import { createDirectoryService } from './rpc/directory-service.ts'
import { createModelService } from './rpc/model-service.ts'
import { createVaultService } from './rpc/vault-service.ts'
import { keptEvent } from './wire/kept-event.ts'

const name = 'company-resolver'
/** What people administer with: no service rotates keys or chooses models, whatever its token is good for. */
const administrators = ['operator', 'cli', 'console']
/** Some 400 bytes each. */
const signalValuesCached = 50_000

/** A running resolver: where it listens. Disposing it finishes the batch in hand and flushes the outbox. */
export interface CompanyResolver extends AsyncDisposable {
  readonly adminUrl: string
  readonly rpcPort: number
}

/** What a test may bring instead; telemetry is disposed with the service. */
export interface Overrides {
  readonly telemetry?: Telemetry
  readonly now?: () => Date
}

/** Brings the database to the current schema, with the model of this release; safe to run from several replicas at once. */
export async function migrateCompanyResolver(config: Config): Promise<void> {
  await using telemetry = createTelemetry({ service: name, logLevel: config.LOG_LEVEL })
  const url = config.MYSQL_URL.reveal()
  await migrate(url, config.MIGRATIONS_DIR, telemetry)
  await keepRoomForMarks(url, telemetry)
  await using database = openDatabase({ url, poolSize: 1, companyTables: companyTablesOf(schema), telemetry })
  await keepShippedModel(database, shippedModel, new Date())
}

/** Starts the resolver. It answers RPCs without NATS, and consumes as soon as that is there. */
export async function startCompanyResolver(config: Config, overrides: Overrides = {}): Promise<CompanyResolver> {
  await using starting = new AsyncDisposableStack()
  const now = overrides.now ?? (() => new Date())
  const telemetry = starting.use(overrides.telemetry ?? startTelemetry(name, config))
  const database = starting.use(
    openDatabase({
      url: config.MYSQL_URL.reveal(),
      poolSize: config.MYSQL_POOL_SIZE,
      companyTables: companyTablesOf(schema),
      telemetry,
    }),
  )
  const bus = starting.use(connectBus({ servers: config.NATS_URL, name, telemetry }))
  starting.use(watchTopology(bus, name, telemetry))
  const outbox = starting.use(createOutbox({ database, bus, telemetry, source: `frontdesk/${name}` }))

  const modelInForce = createModelInForce(shippedModel, telemetry.logger)
  const ledger = { cache: createSignalCache(signalValuesCached), models: modelInForce, now }
  const handler = createProviderEventHandler({
    database,
    outbox,
    telemetry,
    ledger: (tx) => createAttributionLedger(tx, ledger),
  })
  starting.use(consumeDurables({ database, bus, telemetry, service: name, handler }))

  const sealing = await createSealing(database, await openKeyRing(config, telemetry.logger), now)
  const journal = createJournal({
    now,
    newId,
    tell: (tx, changes, told) =>
      outbox.append(
        tx,
        changes.map((change) => directoryChanged(change, told)),
      ),
  })
  const companies = createCompanyRepository(database, journal)
  const repository: ConnectionRepositoryDependencies = { database, keys: sealing.keys, journal }
  const connectionsOf = (companyId: CompanyId) => createConnectionRepository(repository, companyId)
  const signalsOf = (companyId: CompanyId) => createSignalRepository(database, journal, companyId)
  const branchesOf = (companyId: CompanyId) => createBranchRepository(database, journal, companyId)
  const phoneNumbersOf = (companyId: CompanyId) => createPhoneNumberRepository(database, journal, companyId)
  const attributions = createAttributionReader(database)
  const quarantine = createQuarantineRepository({
    database,
    journal,
    passOn: (tx, quarantined, addressee) => outbox.append(tx, [passOnReleased(quarantined, addressee)]),
    withdraw: (tx, withdrawal) => outbox.append(tx, [eventWithdrawn(withdrawal)]),
  })
  const reviews = createReviewRepository(database)
  const redeciding = { eventOf: keptEvent, decisions: createReattributionReader(database, ledger) }
  const models = createModelRepository(database, shippedModel, modelInForce)
  measureModel(models, telemetry)
  const refitting: RefitDependencies = {
    experience: createExperienceReader(database),
    models,
    shipped: shippedModel,
    alone: (work) => withDatabaseLock(database, 'refit', work, { waitMs: 0 }),
    turn: () => setImmediate(),
    now,
  }

  const rpc = createRpcServer({
    telemetry,
    verifier: createTokenVerifier({
      jwksUrl: config.JWKS_URL,
      jwksFile: config.JWKS_FILE,
      audience: name,
      logger: telemetry.logger,
    }),
  })
  rpc.add(
    DirectoryServiceDefinition,
    createDirectoryService({
      companies,
      connectionsOf,
      signalsOf,
      isTrusted: (kind) => shippedModel.kinds[kind].trusted,
      connectionSecrets: createConnectionSecretsReader(database, sealing.vault, telemetry, now),
      createCompany: createCompany({ companies, now, newId, newCompanyId: () => vouchForCompanyId(newId('cmp')) }),
      updateCompany: updateCompany({ companies }),
      deactivateCompany: deactivateCompany({ companies, now }),
      reactivateCompany: reactivateCompany({ companies }),
      createConnection: createConnection({ companies, connectionsOf, now, newId }),
      deactivateConnection: deactivateConnection({ connectionsOf, now }),
      rotateConnectionSecret: rotateConnectionSecret({ connectionsOf, now }),
      addSignal: addSignal({ companies, signalsOf, newId }),
      endSignal: endSignal({ signalsOf, now }),
    }),
  )
  const numbers = { companies, branchesOf, phoneNumbersOf, now, newId }
  rpc.add(
    BranchServiceDefinition,
    createBranchService({
      branchesOf,
      phoneNumbersOf,
      createBranch: createBranch({ companies, branchesOf, now, newId }),
      updateBranch: updateBranch({ branchesOf }),
      deactivateBranch: deactivateBranch({ branchesOf, now }),
      addPhoneNumber: addPhoneNumber(numbers),
      endPhoneNumber: endPhoneNumber(numbers),
      portPhoneNumber: portPhoneNumber(numbers),
    }),
  )
  rpc.add(AuditServiceDefinition, createAuditService(createAuditReader(database)))
  rpc.add(
    AttributionServiceDefinition,
    createAttributionService({
      attributions,
      models,
      reviews,
      releaseEvent: releaseEvent({ quarantine, now, newId }),
      discardEvent: discardEvent({ quarantine, companies, now }),
      releaseSiblings: releaseSiblings({ ...redeciding, quarantine, now }),
      reviewAttribution: reviewAttribution({ reviews, now }),
      planReattribution: planReattribution(redeciding),
      resolveCompany: resolveCompany({ lookUp: createSignalLookUp(database, modelInForce), companies, now }),
    }),
  )
  const modelService = createModelService({
    models,
    experience: refitting.experience,
    refitModel: refitModel(refitting),
    activateModel: activateModel({ models, now }),
    releaseModel: releaseModel({ models, now }),
  })
  rpc.add(ModelServiceDefinition, forAllCompanies(modelService, administrators))
  const rotations = createKeyRotations({ database, now, logger: telemetry.logger, ...sealing })
  const vault = createVaultService({
    rotateKeys: rotateKeys({ companies, rotations, now }),
    status: createKeyStatusReader(database, sealing.keyEncryption),
  })
  rpc.add(VaultServiceDefinition, forAllCompanies(vault, administrators))
  const operations = createOperations({ database, outbox, handlers: [handler], counts: async () => ({ ...(await attributions.counts()) }) })
  rpc.add(OperationsServiceDefinition, forAllCompanies(operations))
  starting.use(rpc)
  const rpcPort = await rpc.listen(`${config.RPC_HOST}:${config.RPC_PORT}`)

  starting.use(refitRegularly(refitting, config, telemetry))
  const admin = starting.use(await startServiceAdmin(config, telemetry, { database, bus }))

  const owned = starting.move()
  return { adminUrl: admin.url, rpcPort, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

/** Looks as often as a fit may be made whether it is time for one. */
function refitRegularly(refitting: RefitDependencies, config: Config, { logger, metrics }: Telemetry): AsyncDisposable {
  const intervalMs = config.REFIT_INTERVAL_MINUTES * 60_000
  const refit = refitIfDue(refitting, { afterLabels: config.REFIT_AFTER_LABELS, intervalMs })
  const fits = metrics.counter('model_fits_total', 'Models that were fitted by themselves: in force since, or why not.', ['outcome'])
  return repeat(
    async () => {
      const made = await refit()
      if (!made?.fit) return
      const { labels, objection, fit } = made
      fits.inc({ outcome: objection === undefined ? 'activated' : 'kept' })
      logger.info({ version: fit.model.version, labels, objection, trial: fit.trial }, 'a model was fitted')
    },
    intervalMs,
    (err) => logger.warn({ err }, 'no model could be fitted, the next time comes'),
  )
}

function openKeyRing({ VAULT_KEYS: keys, VAULT_KEYS_FILE: file }: Config, logger: Logger): KeyRingSource | Promise<KeyRingSource> {
  if (file === undefined) return fixedKeyRing(parseKeyRing(keys?.reveal() ?? ''))
  return openKeyRingFile(file, { onUnread: (err) => logger.error({ err }, 'the key ring can’t be read again; the one at hand serves on') })
}
