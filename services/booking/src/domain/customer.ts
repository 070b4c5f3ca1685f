/** By what a customer is known again; a number typed into a form proves nothing and is none. */
export interface CustomerIdentity {
  /** `email`: of a calendar booking's guest. `caller_number`: of a call, E.164. */
  readonly kind: 'email' | 'caller_number'
  readonly value: string
}

/** What one event says of a customer. */
export interface Contact {
  readonly identity: CustomerIdentity
  readonly name: string
  /** E.164; empty when unknown. */
  readonly phoneNumber: string
  /** Empty when unknown. */
  readonly email: string
  /** By the provider's clock; a later contact's name and number replace an earlier one's. */
  readonly at: Date
}

export interface Customer {
  /** TypeID, `cust_…`. */
  readonly id: string
  readonly name: string
  readonly email: string
  readonly phoneNumber: string
  /** The time of the contact that the name comes from. */
  readonly contactAt: Date
}

export interface CustomerDecision {
  readonly customer: Customer
  readonly event: 'created' | 'updated' | undefined
}

/** The customer of a first contact. */
export function newCustomer(id: string, contact: Contact): CustomerDecision {
  const { name, email, phoneNumber, at } = contact
  return { customer: { id, name, email, phoneNumber, contactAt: at }, event: 'created' }
}

/** Takes what a contact adds; an older contact only fills what is still empty. */
export function updateCustomer(current: Customer, contact: Contact): CustomerDecision {
  const newer = contact.at.getTime() > current.contactAt.getTime()
  const pick = (now: string, then: string) => (newer ? then || now : now || then)
  const customer: Customer = {
    id: current.id,
    name: pick(current.name, contact.name),
    email: pick(current.email, contact.email),
    phoneNumber: pick(current.phoneNumber, contact.phoneNumber),
    contactAt: newer ? contact.at : current.contactAt,
  }
  const same = customer.name === current.name && customer.email === current.email && customer.phoneNumber === current.phoneNumber
  return { customer, event: same ? undefined : 'updated' }
}
