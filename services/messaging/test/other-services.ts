import {
  type Appointment,
  BillingServiceDefinition,
  BookingServiceDefinition,
  type Company,
  type Customer,
  DirectoryServiceDefinition,
  type TokenServiceImplementation,
  TokenServiceDefinition,
  vouchForCompanyId,
} from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { createRpcServer, requireCompany } from '@frontdesk/rpc'
import type { TestAuthority } from '@frontdesk/rpc/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'

/** What the services that messaging asks know; a test writes it. */
export interface Others {
  readonly appointments: Map<string, Partial<Appointment>>
  readonly customers: Map<string, Partial<Customer>>
  readonly companies: Map<string, Partial<Company>>
  /** Companies that billing refuses. */
  readonly refused: Set<string>
  /** Services that answer nothing but unavailable. */
  readonly away: Set<'booking' | 'billing' | 'company-resolver'>
  readonly addresses: { readonly booking: string; readonly billing: string; readonly directory: string; readonly identity: string }
}

/** Booking, billing, the directory and identity over real gRPC, each with the methods that messaging calls. */
export async function startOthers(authority: TestAuthority, owner: AsyncDisposableStack): Promise<Others> {
  const telemetry = createTestTelemetry()
  const away: Others['away'] = new Set()
  const appointments: Others['appointments'] = new Map()
  const customers: Others['customers'] = new Map()
  const companies: Others['companies'] = new Map()
  const refused: Others['refused'] = new Set()

  function present(name: Parameters<typeof away.has>[0]): void {
    if (away.has(name)) throw new FrontdeskError('unavailable', { publicMessage: `${name} is away.` })
  }
  function found<Thing>(thing: Thing | undefined): Thing {
    if (thing === undefined) throw new FrontdeskError('not_found', { publicMessage: 'There is none.' })
    return thing
  }
  const notHere = () => Promise.reject(new FrontdeskError('internal', { publicMessage: 'messaging never calls this' }))
  const serve = async (name: string, add: (server: ReturnType<typeof createRpcServer>) => void) => {
    const server = owner.use(createRpcServer({ telemetry, verifier: authority.verifier(name) }))
    add(server)
    return `127.0.0.1:${await server.listen('127.0.0.1:0')}`
  }

  const booking = await serve('booking', (server) =>
    server.add(BookingServiceDefinition, {
      answerCall: notHere,
      listFreeTimes: notHere,
      bookAppointment: notHere,
      listAppointments: notHere,
      listCustomers: notHere,
      async getAppointment({ companyId, appointmentId }, context) {
        present('booking')
        requireCompany(context, companyId)
        return { appointment: found(appointments.get(appointmentId)) }
      },
      async getCustomer({ companyId, customerId }, context) {
        requireCompany(context, companyId)
        return { customer: found(customers.get(customerId)) }
      },
    }),
  )
  const billing = await serve('billing', (server) =>
    server.add(BillingServiceDefinition, {
      createPlan: notHere,
      listPlans: notHere,
      openAccount: notHere,
      getAccount: notHere,
      previewInvoice: notHere,
      listUsage: notHere,
      listInvoices: notHere,
      async checkEntitlement({ companyId, feature }, context) {
        present('billing')
        requireCompany(context, companyId)
        if (feature !== 'FEATURE_MESSAGING') throw new FrontdeskError('invalid_argument', { publicMessage: 'another feature' })
        return refused.has(companyId) ? { allowed: false, reason: 'ENTITLEMENT_REASON_SUBSCRIPTION_INACTIVE' } : { allowed: true }
      },
    }),
  )
  const directory = await serve('company-resolver', (server) =>
    server.add(DirectoryServiceDefinition, {
      createCompany: notHere,
      listCompanies: notHere,
      deactivateCompany: notHere,
      reactivateCompany: notHere,
      updateCompany: notHere,
      createConnection: notHere,
      getConnection: notHere,
      listConnections: notHere,
      deactivateConnection: notHere,
      rotateConnectionSecret: notHere,
      addSignal: notHere,
      endSignal: notHere,
      listSignals: notHere,
      listConnectionSecrets: notHere,
      getConnectionSecrets: notHere,
      async getCompany({ companyId }, context) {
        present('company-resolver')
        requireCompany(context, companyId)
        return { company: found(companies.get(companyId)) }
      },
    }),
  )
  const issueServiceToken: TokenServiceImplementation['issueServiceToken'] = async ({ audience, companyIds, allCompanies }) => ({
    token: await authority
      .issuer('messaging')
      .issue({ audience, companies: allCompanies ? 'all' : companyIds.map((id) => vouchForCompanyId(id)) }),
    expiresAt: new Date(Date.now() + 300_000),
  })
  const identity = await serve('identity', (server) => server.addOpen(TokenServiceDefinition, { issueServiceToken }))
  return { appointments, customers, companies, refused, away, addresses: { booking, billing, directory, identity } }
}
