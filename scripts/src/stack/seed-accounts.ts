import { setTimeout as wait } from 'node:timers/promises'
import type { BillingServiceClient, DirectoryServiceClient, MessagingServiceClient } from '@frontdesk/contracts'
import { createSandboxControl } from '@frontdesk/testing'
import { Stripe } from 'stripe'
import type { DemoCompany, SandboxUrls } from './manifest.ts'

/** A company that the directory knows and nobody bills yet. */
export type KnownCompany = Omit<DemoCompany, 'stripe'>

export interface AccountServices {
  readonly directory: Pick<DirectoryServiceClient, 'addSignal'>
  readonly billing: Pick<BillingServiceClient, 'createPlan' | 'openAccount' | 'checkEntitlement'>
  readonly messaging: Pick<MessagingServiceClient, 'putSender'>
  readonly stripeApiKey: string
  readonly sandbox: SandboxUrls
}

const currency = 'EUR'
const entitledWithinMs = 10_000

/** Gives the companies a plan that they pay for at Stripe, and a number from which they write on WhatsApp. */
export async function openAccounts(companies: readonly KnownCompany[], services: AccountServices): Promise<DemoCompany[]> {
  const stripe = stripeOf(services)
  const [planId] = await Promise.all([createPlan(services, stripe), createMeters(stripe)])
  return Promise.all(companies.map((company) => openAccount(company, planId, services)))
}

function stripeOf({ stripeApiKey, sandbox }: AccountServices): Stripe {
  const { hostname, port } = new URL(sandbox.stripeUrl)
  return new Stripe(stripeApiKey, { host: hostname, port, protocol: 'http', telemetry: false })
}

/** What billing reports usage to; of one seeding there may be some already. */
async function createMeters(stripe: Stripe): Promise<void> {
  const { data } = await stripe.billing.meters.list({ limit: 100 })
  const missing = ['frontdesk_call_minutes', 'frontdesk_messages'].filter((name) => !data.some(({ event_name }) => event_name === name))
  await Promise.all(
    missing.map((name) => stripe.billing.meters.create({ display_name: name, event_name: name, default_aggregation: { formula: 'sum' } })),
  )
}

async function createPlan({ billing }: AccountServices, stripe: Stripe): Promise<string> {
  const baseFeeMinor = 2_900
  const price = await stripe.prices.create({
    currency,
    unit_amount: baseFeeMinor,
    recurring: { interval: 'month' },
    product_data: { name: 'Frontdesk Starter' },
  })
  // One included minute, so that the first call is seen on the running invoice.
  const { plan } = await billing.createPlan({
    name: 'Starter',
    baseFee: { amountMinor: BigInt(baseFeeMinor), currency },
    includedMinutes: 1n,
    pricePerFurtherMinute: { amountMinor: 15n, currency },
    pricePerMessage: { amountMinor: 8n, currency },
    providerPriceId: price.id,
  })
  return plan?.planId ?? ''
}

async function openAccount(company: KnownCompany, planId: string, services: AccountServices): Promise<DemoCompany> {
  const { directory, billing, messaging, sandbox } = services
  const { id: companyId, name, calcom, whatsapp } = company
  const { account } = await billing.openAccount({ companyId, planId, name, email: calcom.organizerEmail })
  const customerId = account?.customerId ?? ''
  await Promise.all([
    directory.addSignal({ companyId, kind: 'EVIDENCE_KIND_STRIPE_CUSTOMER', value: customerId }),
    messaging.putSender({
      companyId,
      phoneNumberId: whatsapp.phoneNumberId,
      businessAccountId: whatsapp.wabaId,
      confirmationTemplate: { name: 'appointment_confirmed', language: 'en_US' },
    }),
    createSandboxControl(sandbox.controlUrl).whatsapp.putAccount({
      phoneNumberId: whatsapp.phoneNumberId,
      businessAccountId: whatsapp.wabaId,
    }),
  ])
  await entitled(companyId, billing)
  return { ...company, stripe: { customerId } }
}

/** Stripe's webhook of the new subscription has been mirrored by then. */
async function entitled(companyId: string, billing: AccountServices['billing']): Promise<void> {
  const deadline = Date.now() + entitledWithinMs
  while (!(await billing.checkEntitlement({ companyId, feature: 'FEATURE_MESSAGING' })).allowed) {
    if (Date.now() > deadline) throw new Error(`${companyId} has no active subscription after ${entitledWithinMs / 1_000} s`)
    await wait(20)
  }
}
