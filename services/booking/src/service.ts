import { connectBus, watchTopology } from '@frontdesk/bus'
import {
  BillingServiceDefinition,
  bookingEventTypes,
  BookingServiceDefinition,
  type CompanyId,
  newId,
  OperationsServiceDefinition,
} from '@frontdesk/contracts'
import { companyTablesOf, migrate, openDatabase } from '@frontdesk/database'
import { consumeDurables, createEventHandler, createOperations, createOutbox, keepRoomForMarks, skipRevisions } from '@frontdesk/outbox'
import {
  createGuard,
  createIdentityTokens,
  createRpcClient,
  createRpcServer,
  createTokenVerifier,
  forAllCompanies,
  type TokenSource,
} from '@frontdesk/rpc'
import { startServiceAdmin, startTelemetry } from '@frontdesk/service'
import { createTelemetry, type Telemetry } from '@frontdesk/telemetry'
import { answerCall } from './app/answer-call.ts'
import { bookAppointment } from './app/book-appointment.ts'
import { listFreeTimes } from './app/list-free-times.ts'
import { createEntitlements } from './clients/billing.ts'
import type { Config } from './config.ts'
import { createAppointmentReader } from './db/appointment-reader.ts'
import { createBook } from './db/book.ts'
import { createBookingTurns } from './db/booking-turn.ts'
import { createCalendarReader } from './db/calendar-reader.ts'
import { createCallerReader } from './db/caller-reader.ts'
import { createCustomerReader } from './db/customer-reader.ts'
import * as schema from './db/schema/index.ts'
import { toNewEvents } from './events/domain-events.ts'
import { onCompanyEvents, type WithdrawalReport } from './events/on-company-event.ts'
import { createBookingService } from './rpc/booking-service.ts'

const name = 'booking'
/** Nobody notices so little. */
const gatherMs = 20
/** While it is waited for, somebody hears a phone ring. */
const billingTimeoutMs = 400

/** A running booking service: where it listens. Disposing it finishes the batch in hand and flushes the outbox. */
export interface Booking extends AsyncDisposable {
  readonly adminUrl: string
  readonly rpcPort: number
}

/** What a test can put in place of the real thing. */
export interface BookingOverrides {
  readonly now?: () => Date
  /** Where the tokens for calls to other services come from. */
  readonly tokens?: TokenSource
}

/** Brings the database to the current schema; safe to run from several replicas at once. */
export async function migrateBooking(config: Config): Promise<void> {
  await using telemetry = createTelemetry({ service: name, logLevel: config.LOG_LEVEL })
  const url = config.MYSQL_URL.reveal()
  await migrate(url, config.MIGRATIONS_DIR, telemetry)
  await keepRoomForMarks(url, telemetry)
}

/** Starts booking. It answers RPCs without NATS, and consumes as soon as that is there. */
export async function startBooking(config: Config, overrides: BookingOverrides = {}): Promise<Booking> {
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
  const bus = starting.use(connectBus({ servers: config.NATS_URL, name, telemetry }))
  starting.use(watchTopology(bus, name, telemetry))
  const outbox = starting.use(createOutbox({ database, bus, telemetry, source: `frontdesk/${name}` }))

  const handler = createEventHandler({
    database,
    outbox,
    telemetry,
    name,
    types: bookingEventTypes,
    handle: onCompanyEvents({
      openBook: (tx, companyId) => createBook(tx, companyId, now()),
      skip: (tx, skipped) => skipRevisions(tx, { handler: name, ...skipped }, now()),
      report: reportWithdrawals(telemetry),
    }),
  })
  starting.use(consumeDurables({ database, bus, telemetry, service: name, handler, gatherMs }))

  const identity = { address: config.IDENTITY_ADDRESS, credentialFile: config.CREDENTIAL_FILE, telemetry }
  const tokens = overrides.tokens ?? starting.use(createIdentityTokens(identity))
  const billing = starting.use(
    createRpcClient(BillingServiceDefinition, {
      address: config.BILLING_ADDRESS,
      audience: 'billing',
      issuer: tokens,
      telemetry,
      deadlineMs: billingTimeoutMs,
      retryMethods: ['checkEntitlement'],
    }),
  )

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
    BookingServiceDefinition,
    createBookingService({
      appointments: (companyId) => createAppointmentReader(database, companyId),
      customers: (companyId) => createCustomerReader(database, companyId),
      answerCall: answerCall({
        entitlements: createEntitlements(billing, createGuard({ audience: 'billing', timeoutMs: billingTimeoutMs })),
        callers: (companyId) => createCallerReader(database, companyId),
        now,
        onUnchecked: reportUnchecked(telemetry),
      }),
      listFreeTimes: listFreeTimes({ calendars: (companyId) => createCalendarReader(database, companyId), now }),
      bookAppointment: bookAppointment({
        takeTurn: createBookingTurns({
          database,
          outbox,
          now,
          // No event caused it: the request's key stands for one.
          eventsOf: (outcome, { companyId, key, at }) =>
            toNewEvents(outcome, { companyId, eventId: key, revision: 1, correlationId: key, at }),
        }),
        newAppointmentId: () => newId('apt'),
        newCustomerId: () => newId('cust'),
        now,
      }),
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

/** A call that nobody may have paid for is in the metrics and in the log. */
function reportUnchecked({ metrics, logger }: Telemetry): (companyId: CompanyId, error: unknown) => void {
  const unchecked = metrics.counter('entitlements_unchecked_total', 'Features used although billing could not be asked.', ['feature'])
  return (companyId, error) => {
    unchecked.inc({ feature: 'voice' })
    logger.warn({ err: error, companyId, feature: 'voice' }, 'billing could not be asked; the call is taken all the same')
  }
}

/** An appointment that a person has to look at is in the metrics and in the log. */
function reportWithdrawals({ metrics, logger }: Telemetry): WithdrawalReport {
  const withdrawals = metrics.counter('withdrawals_total', 'Appointments of withdrawn events: withdrawn, or flagged for a person.', [
    'outcome',
  ])
  return (outcome, event) => {
    withdrawals.inc({ outcome })
    if (outcome === 'flagged') logger.warn(event, 'an event was withdrawn, and its appointment is not as it left it: a person has to look')
  }
}
