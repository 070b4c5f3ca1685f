// The control API of services/provider-sandbox, as its README lists it.

type Provider = 'stripe' | 'whatsapp' | 'calcom'

/** What goes wrong with a provider's requests: `…_before` without their effect, `…_after` with it. */
export interface SandboxFault {
  readonly provider: Provider
  readonly kind: 'slow' | 'rate_limited' | 'error_before' | 'error_after' | 'hang_after' | 'disconnect_after'
  /** Every path when left out. */
  readonly pathPrefix?: string
  /** How many requests it hits; all of them when left out. */
  readonly times?: number
  /** `hang_after` without it never answers. */
  readonly delayMs?: number
}

/** A request that a provider got. */
export interface SandboxRequest {
  readonly id: string
  readonly provider: Provider
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Parsed where it is JSON or a form; null without one. */
  readonly body: unknown
  readonly status: number
  readonly fault: SandboxFault['kind'] | null
  /** ISO 8601. */
  readonly at: string
}

/** A webhook that is held back, to be posted to the ingress at `path`. */
export interface SandboxWebhook {
  readonly provider: Provider
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** An object as Stripe's API would answer it. */
export interface StripeObject {
  readonly id: string
  readonly status?: string
  readonly [member: string]: unknown
}

/** A message that WhatsApp was asked to send. */
export interface WhatsappMessage {
  readonly id: string
  readonly phoneNumberId: string
  readonly to: string
  readonly type: 'text' | 'template'
  readonly text: string | null
  readonly template: { readonly name: string; readonly [member: string]: unknown } | null
  /** `biz_opaque_callback_data` */
  readonly reference: string | null
  readonly statuses: readonly ('sent' | 'delivered' | 'read' | 'failed')[]
}

/** A booking as Cal.com's API would answer it. */
export interface CalcomBooking {
  readonly uid: string
  readonly status: 'accepted' | 'cancelled'
  /** ISO 8601, UTC. */
  readonly start: string
  readonly end: string
  readonly [member: string]: unknown
}

/** How far a renewal's invoice gets; `collect` asks the payment method. */
type Outcome = 'collect' | 'paid' | 'failed' | 'open' | 'draft'

/** What a test does to the providers. */
export interface SandboxControl {
  /** Newest first, 100 when no limit is given. */
  requests(filter?: { provider?: Provider; limit?: number }): Promise<readonly SandboxRequest[]>
  addFault(fault: SandboxFault): Promise<void>
  clearFaults(): Promise<void>
  setWebhooks(mode: 'live' | 'held'): Promise<void>
  /** Oldest first; they are then no longer held. */
  takeHeldWebhooks(): Promise<readonly SandboxWebhook[]>
  /** Everything is forgotten, faults and requests too. */
  reset(): Promise<void>
  readonly stripe: {
    /** In the order of making. */
    state(): Promise<
      Readonly<
        Record<'customers' | 'subscriptions' | 'invoices' | 'events' | 'thinEvents', readonly StripeObject[]> & {
          meterEvents: readonly object[]
        }
      >
    >
    renew(
      subscriptionId: string,
      outcome?: Outcome,
    ): Promise<{ readonly subscription: StripeObject; readonly invoice: StripeObject | null }>
    /** An invoice between two periods, as after a change of plan. */
    bill(subscriptionId: string, outcome?: Outcome): Promise<StripeObject>
    /** A draft is finalized on the way. */
    invoice(invoiceId: string, action: 'pay' | 'fail' | 'void' | 'finalize'): Promise<StripeObject>
    /** A price of an id that configurations can name. */
    putPrice(price: {
      id: string
      currency: string
      unitAmount: number
      interval?: 'day' | 'week' | 'month' | 'year'
      /** A meter's id, for a price by usage. */
      meter?: string
    }): Promise<StripeObject>
  }
  readonly whatsapp: {
    messages(): Promise<readonly WhatsappMessage[]>
    /** A user writes, which opens the window of 24 hours; the message's id. */
    inbound(message: {
      phoneNumberId: string
      businessAccountId: string
      text: string
      from?: string
      name?: string
      fromUserId?: string
      withoutFrom?: boolean
    }): Promise<string>
    /** From the first one on, only templates that were put exist. */
    putTemplate(template: { name: string; language: string; parameterCount: number }): Promise<void>
    putAccount(account: { phoneNumberId: string; businessAccountId: string }): Promise<void>
    /** What follows each accepted message by itself: `['sent', 'delivered']` until this is called. */
    setAutomaticStatuses(statuses: readonly ('sent' | 'delivered' | 'read')[]): Promise<void>
    report(messageId: string, status: 'sent' | 'delivered' | 'read'): Promise<void>
    fail(messageId: string, code: number): Promise<void>
  }
  readonly calcom: {
    bookings(): Promise<readonly CalcomBooking[]>
    /** From the first one on, only event types that were put exist. */
    putEventType(eventType: { eventTypeId: number; minutes: number }): Promise<void>
  }
}

/** A client of the control API at that URL; what it refuses is an error with its words. */
export const createSandboxControl = (url: string): SandboxControl => {
  const call = async <T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<T> => {
    const response = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) })
    const text = await response.text()
    if (!response.ok) throw new Error(`the sandbox refused ${method} ${path} with ${response.status}: ${text}`)
    return JSON.parse(text) as T
  }
  const act = async (method: 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<void> => void (await call(method, path, body))
  return {
    requests: async (filter = {}) => {
      const query = Object.entries(filter).map(([name, value]) => `${name}=${value}`)
      return (await call<{ requests: SandboxRequest[] }>('GET', `/requests?${query.join('&')}`)).requests
    },
    addFault: (fault) => act('PUT', '/faults', fault),
    clearFaults: () => act('DELETE', '/faults'),
    setWebhooks: (mode) => act('PUT', '/webhooks', { mode }),
    takeHeldWebhooks: async () => (await call<{ webhooks: SandboxWebhook[] }>('GET', '/webhooks/held')).webhooks,
    reset: () => act('POST', '/reset'),
    stripe: {
      state: () => call('GET', '/state/stripe'),
      renew: (id, outcome) => call('POST', `/stripe/subscriptions/${id}/renew`, { ...(outcome && { outcome }) }),
      bill: async (id, outcome) =>
        (await call<{ invoice: StripeObject }>('POST', `/stripe/subscriptions/${id}/bill`, { ...(outcome && { outcome }) })).invoice,
      invoice: async (id, action) => (await call<{ invoice: StripeObject }>('POST', `/stripe/invoices/${id}/${action}`)).invoice,
      putPrice: async (price) => (await call<{ price: StripeObject }>('PUT', '/stripe/prices', price)).price,
    },
    whatsapp: {
      messages: async () => (await call<{ messages: WhatsappMessage[] }>('GET', '/state/whatsapp')).messages,
      inbound: async (message) => (await call<{ messageId: string }>('POST', '/whatsapp/inbound', message)).messageId,
      putTemplate: (template) => act('POST', '/whatsapp/templates', template),
      putAccount: (account) => act('PUT', '/whatsapp/accounts', account),
      setAutomaticStatuses: (statuses) => act('PUT', '/whatsapp/automatic-statuses', { statuses }),
      report: (id, status) => act('POST', `/whatsapp/messages/${encodeURIComponent(id)}/${status}`),
      fail: (id, code) => act('POST', `/whatsapp/messages/${encodeURIComponent(id)}/fail`, { code }),
    },
    calcom: {
      bookings: async () => (await call<{ bookings: CalcomBooking[] }>('GET', '/state/calcom')).bookings,
      putEventType: (eventType) => act('PUT', '/calcom/event-types', eventType),
    },
  }
}
