import { connectBus, watchTopology } from '@frontdesk/bus'
import {
  billingEventTypes,
  billingProviderEventTypes,
  BillingServiceDefinition,
  type CompanyId,
  newId,
  OperationsServiceDefinition,
} from '@frontdesk/contracts'
import { companyTablesOf, type Database, migrate, openDatabase } from '@frontdesk/database'
import { consumeDurables, createEventHandler, createOperations, createOutbox, keepRoomForMarks } from '@frontdesk/outbox'
import { createRpcServer, createTokenVerifier, forAllCompanies } from '@frontdesk/rpc'
import { startServiceAdmin, startTelemetry } from '@frontdesk/service'
import { createTelemetry, type Telemetry } from '@frontdesk/telemetry'
import { createPlan } from './app/create-plan.ts'
import { startDrain } from './app/drain.ts'
import { listUsage } from './app/list-usage.ts'
import { openAccount } from './app/open-account.ts'
import type { Observer, PaymentProvider } from './app/ports.ts'
import { previewInvoice } from './app/preview-invoice.ts'
import { recordUsage } from './app/record-usage.ts'
import { refreshMirror } from './app/refresh-mirror.ts'
import { reportUsage } from './app/report-usage.ts'
import { takeBackRefused } from './app/take-back-refused.ts'
import { createStripe } from './clients/stripe.ts'
import type { Config } from './config.ts'
import { createAccountStore } from './db/account-store.ts'
import { measureBacklogs } from './db/backlog-ages.ts'
import { createInvoiceReader } from './db/invoice-reader.ts'
import { createPlanStore } from './db/plan-store.ts'
import { createRefetchQueue } from './db/refetch-queue.ts'
import { createRefetchRequests } from './db/refetch-requests.ts'
import { createRefusedReports } from './db/refused-reports.ts'
import { createReportQueue } from './db/report-queue.ts'
import * as schema from './db/schema/index.ts'
import { createSubscriptionStatusReader } from './db/subscription-status-reader.ts'
import { createUsageBook } from './db/usage-book.ts'
import { createUsageReader } from './db/usage-reader.ts'
import { onCompanyEvents } from './events/on-company-event.ts'
import { onEvents } from './events/on-event.ts'
import { onMeterFailed } from './events/on-meter-failed.ts'
import { createObserver } from './observe/observer.ts'
import { createBillingService } from './rpc/billing-service.ts'

const name = 'billing'
/** What it counts and mirrors is in no hurry. */
const gatherMs = 50

/** A running billing service: where it listens. Disposing it finishes what is in hand and flushes the outbox. */
export interface Billing extends AsyncDisposable {
  readonly adminUrl: string
  readonly rpcPort: number
}

/** What a test can put in place of the real thing. */
export interface BillingOverrides {
  readonly now?: () => Date
  readonly provider?: PaymentProvider
  /** How often the workers look by themselves; woken they are at each commit. */
  readonly pollMs?: number
  /** After which a call that a worker took on is given up for lost. */
  readonly claimMs?: number
}

/** Brings the database to the current schema; safe to run from several replicas at once. */
export async function migrateBilling(config: Config): Promise<void> {
  await using telemetry = createTelemetry({ service: name, logLevel: config.LOG_LEVEL })
  const url = config.MYSQL_URL.reveal()
  await migrate(url, config.MIGRATIONS_DIR, telemetry)
  await keepRoomForMarks(url, telemetry)
}

/** Starts billing. It answers RPCs without NATS and without Stripe, and works as soon as those are there. */
export async function startBilling(config: Config, overrides: BillingOverrides = {}): Promise<Billing> {
  await using starting = new AsyncDisposableStack()
  const now = overrides.now ?? (() => new Date())
  const telemetry = starting.use(startTelemetry(name, config))
  const database = starting.use(
    openDatabase({
      url: config.MYSQL_URL.reveal(),
      poolSize: config.MYSQL_POOL_SIZE,
      companyTables: companyTablesOf(schema),
      telemetry,
    }),
  )
  measureBacklogs(database, telemetry, now)
  const bus = starting.use(connectBus({ servers: config.NATS_URL, name, telemetry }))
  starting.use(watchTopology(bus, name, telemetry))
  const outbox = starting.use(createOutbox({ database, bus, telemetry, source: `frontdesk/${name}` }))

  const observer = createObserver(telemetry)
  const provider = overrides.provider ?? starting.use(createStripe(stripeOptions(config, telemetry)))
  const { refetches, reports } = startWorkers({ database, provider, observer, telemetry, now, starting }, config, overrides)

  const handler = createEventHandler({
    database,
    outbox,
    telemetry,
    name,
    types: [...billingEventTypes, ...billingProviderEventTypes],
    handle: onEvents({
      ofCompanies: onCompanyEvents({
        recordUsageOf: (tx, companyId) =>
          recordUsage({
            book: createUsageBook(tx, companyId, now(), reports.wake),
            newUsageId: () => newId('usg'),
            counted: observer.usageCounted,
          }),
        refetches: (tx) => createRefetchRequests(tx, now(), refetches.wake),
      }),
      ofMeters: onMeterFailed({
        takeBackOf: (tx) => takeBackRefused({ provider, reports: createRefusedReports(tx, now()), now: now() }),
        observer,
      }),
    }),
  })
  starting.use(consumeDurables({ database, bus, telemetry, service: name, handler, gatherMs }))

  const rpc = createRpcServer({
    telemetry,
    verifier: createTokenVerifier({
      jwksUrl: config.JWKS_URL,
      jwksFile: config.JWKS_FILE,
      audience: name,
      logger: telemetry.logger,
    }),
  })
  const plans = createPlanStore(database, now)
  const wake = { refetches: refetches.wake, reports: reports.wake }
  const accountsOf = (companyId: CompanyId) => createAccountStore(database, companyId, now, wake)
  const readersOf = (companyId: CompanyId) => ({
    accounts: accountsOf(companyId),
    usage: createUsageReader(database, companyId),
    now,
  })
  rpc.add(
    BillingServiceDefinition,
    createBillingService({
      plans,
      accountsOf,
      invoicesOf: (companyId) => createInvoiceReader(database, companyId),
      subscriptions: createSubscriptionStatusReader(database),
      createPlan: createPlan({ plans, newPlanId: () => newId('plan') }),
      openAccount: openAccount({ plans, accountsOf, provider }),
      previewInvoiceOf: (companyId) => previewInvoice(readersOf(companyId)),
      listUsageOf: (companyId) => listUsage(readersOf(companyId)),
    }),
  )
  rpc.add(
    OperationsServiceDefinition,
    forAllCompanies(createOperations({ database, outbox, handlers: [handler], counts: async () => ({}) })),
  )
  starting.use(rpc)
  const rpcPort = await rpc.listen(`${config.RPC_HOST}:${config.RPC_PORT}`)

  const admin = starting.use(await startServiceAdmin(config, telemetry, { database, bus }))

  const owned = starting.move()
  return { adminUrl: admin.url, rpcPort, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

function stripeOptions(config: Config, telemetry: Telemetry): Parameters<typeof createStripe>[0] {
  return {
    apiKey: config.STRIPE_API_KEY.reveal(),
    baseUrl: config.STRIPE_BASE_URL,
    timeoutMs: config.STRIPE_TIMEOUT_MS,
    meters: { call_minutes: config.CALL_MINUTES_METER, messages: config.MESSAGES_METER },
    telemetry,
  }
}

interface Workshop {
  readonly database: Database
  readonly provider: PaymentProvider
  readonly observer: Observer
  readonly telemetry: Telemetry
  readonly now: () => Date
  readonly starting: AsyncDisposableStack
}

/** The two workers that talk to the payment provider, each with what lies on disk for it. */
function startWorkers(workshop: Workshop, config: Config, { pollMs = 2_000, claimMs }: BillingOverrides) {
  const { database, provider, observer, telemetry, now, starting } = workshop
  // Longer than a call and the waits of its connection, so that only a lost one is taken on again.
  const claim = { now, claimMs: claimMs ?? config.STRIPE_TIMEOUT_MS * 6 }
  const random = Math.random
  const failed = (err: unknown) => telemetry.logger.warn({ err }, 'what is due could not be read, and is looked for again')
  const limits = { pollMs, failed }

  const refetchQueue = createRefetchQueue(database, claim)
  const refetches = starting.use(
    startDrain({
      ...limits,
      concurrency: 8,
      gatherMs: 20,
      claim: refetchQueue.claim,
      run: refreshMirror({ queue: refetchQueue, provider, observer, random }),
    }),
  )
  const reportQueue = createReportQueue(database, { ...claim, overReported: observer.overReported })
  const reports = starting.use(
    startDrain({
      ...limits,
      // They travel together, a hundred in a request.
      concurrency: 400,
      gatherMs: 100,
      claim: reportQueue.claim,
      run: reportUsage({ queue: reportQueue, provider, observer, now, random }),
    }),
  )
  return { refetches, reports }
}
