import { type Company, dayMs, type Trait } from './company.ts'
import { type Beginning, epochMs, type Teller, tell, type WorldEvent } from './story.ts'

const retriesMs = 3 * dayMs

/** Something about money: what we bill a company, or what a company's guests pay into its own account. */
export function tellMoney(teller: Teller, beginning: Beginning): WorldEvent[] {
  const { profile, random, nextId } = teller
  const { at, company, callerText } = beginning
  const id = nextId()
  const send = (type: string, account: string | undefined, object: object, traits: readonly (Trait | undefined)[]): WorldEvent => {
    const event = (content: object) => ({
      id: `evt_${id}`,
      object: 'event',
      ...(account !== undefined && { account }),
      created: Math.floor((epochMs + at) / 1_000),
      type,
      data: { object: content },
    })
    return tell(teller, beginning, {
      provider: 'stripe',
      at,
      lateMs: retriesMs,
      body: () => event(object),
      broken: () => event({ ...object, id: 7 }),
      traits,
    })
  }
  if (random.chance(profile.stripe.silent))
    return [send('charge.dispute.created', undefined, { object: 'dispute', id: `dp_${id}`, charge: `ch_${id}` }, [])]
  const account = company ? company.stripe.account : random.chance(0.5) ? `acct_x${id}` : undefined
  if (account !== undefined && random.chance(0.8)) {
    // Whatever stands in a connected account's metadata, its owner or his guests wrote.
    const written = callerText === undefined ? {} : { client_reference_id: callerText, metadata: { company_id: callerText } }
    const payment = { object: 'payment_intent', id: `pi_${id}`, customer: `cus_guest${id}`, status: 'succeeded', ...written }
    const traits = company?.stripe.sharesAccount ? (['shared account'] as const) : []
    return [send('payment_intent.succeeded', account, payment, traits)]
  }
  return [billing(teller, company, callerText, id, send)]
}

function billing(
  { profile, random }: Teller,
  company: Company | undefined,
  callerText: string | undefined,
  id: number,
  send: (type: string, account: undefined, object: object, traits: readonly (Trait | undefined)[]) => WorldEvent,
): WorldEvent {
  const customer = company?.stripe.customer ?? `cus_x${id}`
  const ours = random.chance(profile.metadata.stripe) ? (company?.id ?? (random.chance(0.1) ? 'acme-42' : undefined)) : undefined
  const metadata = ours === undefined ? {} : { metadata: { company_id: ours } }
  if (callerText !== undefined) {
    const session = { object: 'checkout.session', id: `cs_${id}`, customer, client_reference_id: callerText, status: 'complete' }
    return send('checkout.session.completed', undefined, session, [])
  }
  const [type, object] = random.pick([
    ['customer.subscription.updated', { object: 'subscription', id: `sub_${id}`, customer, status: 'active', ...metadata }],
    [
      'invoice.paid',
      {
        object: 'invoice',
        id: `in_${id}`,
        customer,
        status: 'paid',
        parent: { subscription_details: { subscription: `sub_${id}`, ...metadata } },
      },
    ],
    ['payment_intent.succeeded', { object: 'payment_intent', id: `pi_${id}`, customer, status: 'succeeded' }],
  ] as const)
  return send(type, undefined, object, [])
}
