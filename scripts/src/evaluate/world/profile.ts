/** What a world is like: every rate is an assumption, and each is explained in the README beside it. */
export interface Profile {
  readonly name: string
  /** The world lives so long; the first half is the past, and figures are of the second. */
  readonly days: number
  readonly companies: number
  /** Events in each half. */
  readonly events: number
  /** How unequal companies are: the standard deviation of the logarithm of their traffic. */
  readonly inequality: number
  /** Stories by provider, in shares: a story is a call, a conversation, a booking or something about money, of one or more events. */
  readonly stories: { readonly retell: number; readonly whatsapp: number; readonly calcom: number; readonly stripe: number }
  /** Stories of nobody that we serve. */
  readonly unknownShare: number
  /** Companies in the care of an agency, and how many one cares for: they share a WhatsApp account. */
  readonly agencies: { readonly share: number; readonly size: readonly [number, number] }
  /** Answering services: companies share their number for some of their calls; some have one agent for all of them. */
  readonly callCentres: {
    readonly share: number
    readonly size: readonly [number, number]
    readonly calls: number
    readonly oneAgent: number
  }
  /** Of all numbers, over the whole time: taken along to another company. */
  readonly ported: Change
  /** Of all numbers: given up, and given anew to somebody unknown. */
  readonly recycled: Change
  /** Of all agents: given to another company. */
  readonly moved: Change
  /** Of all companies: a number, agent or WhatsApp number of theirs that begins in this time. */
  readonly added: Change
  /** Values that were never entered. */
  readonly neverEntered: number
  /** Values that people type (numbers, agents, ids of WhatsApp) and entered for a wrong company. */
  readonly wronglyEntered: number
  readonly metadata: {
    /** Companies whose calls we answer as they ring, writing the company into them. */
    readonly ringing: number
    /** Agents whose template carries a company id of its own, a wrong one. */
    readonly wrongTemplate: number
    /** Whether an agency makes that mistake for all its companies at once. */
    readonly byAgency: boolean
    /** Of Stripe's objects that could carry what we write: those that do. */
    readonly stripe: number
  }
  readonly retell: {
    readonly webCalls: number
    readonly chats: number
    readonly outbound: number
    /** Companies with an account, and so a connection, of their own. */
    readonly ownConnection: number
    /** Later events of a call that name the call and nothing else. */
    readonly bare: number
  }
  readonly whatsapp: {
    /** Companies that use it. */
    readonly share: number
    /** Stories that are of an account and name no number. */
    readonly accountOnly: number
  }
  readonly stripe: {
    /** Companies with a connected account; the others' money events are of us and our customer. */
    readonly connected: number
    /** Companies that share the account with a sibling of the same owner. */
    readonly siblings: number
    /** Events that name nobody at all, such as a dispute on our own account. */
    readonly silent: number
  }
  readonly calcom: {
    /** Companies whose calendar is their own server's, where everything is numbered from 1. */
    readonly selfHosted: number
    /** Companies whose host organizes for another company too. */
    readonly sharedHost: number
    /** Connections whose secret was pasted into the calendar of another company of the same agency. */
    readonly pastedElsewhere: number
  }
  /** Stories in which a caller, attendee or payer writes a company's id: another's, or his own. */
  readonly callerText: { readonly forged: number; readonly honest: number }
  /** How long, on average, it takes until a person has found out whose an event is that he sees. */
  readonly reviewedAfterDays: number
  /** Of the events that a person sees: those after which the directory is corrected, and how many days later. */
  readonly corrections: { readonly share: number; readonly days: number }
  /** Bodies that do not fit their schema. */
  readonly drift: number
  /** Companies that end in this time and go on sending. */
  readonly ended: number
  /** Deliveries that come hours late. */
  readonly delayed: number
}

/** So much of it happens, so much of that the directory learns late, and then after so many days on average. */
export interface Change {
  readonly share: number
  readonly late: number
  readonly lateDays: number
}

/** The world that weights and rules were looked at with. */
export const first: Profile = {
  name: 'first',
  days: 28,
  companies: 1_000,
  events: 50_000,
  inequality: 0.8,
  stories: { retell: 0.3, whatsapp: 0.2, calcom: 0.27, stripe: 0.23 },
  unknownShare: 0.04,
  agencies: { share: 0.2, size: [3, 8] },
  callCentres: { share: 0.18, size: [6, 24], calls: 0.35, oneAgent: 0.25 },
  ported: { share: 0.01, late: 0.25, lateDays: 2 },
  recycled: { share: 0.005, late: 0.5, lateDays: 5 },
  moved: { share: 0.015, late: 0.3, lateDays: 3 },
  added: { share: 0.09, late: 0.3, lateDays: 2 },
  neverEntered: 0.003,
  wronglyEntered: 0.001,
  metadata: { ringing: 0.5, wrongTemplate: 0.003, byAgency: false, stripe: 0.7 },
  retell: { webCalls: 0.06, chats: 0.03, outbound: 0.1, ownConnection: 0.1, bare: 0.01 },
  whatsapp: { share: 0.6, accountOnly: 0.004 },
  stripe: { connected: 0.5, siblings: 0.02, silent: 0.002 },
  calcom: { selfHosted: 0.15, sharedHost: 0.05, pastedElsewhere: 0.0005 },
  callerText: { forged: 0.01, honest: 0.02 },
  reviewedAfterDays: 0.5,
  corrections: { share: 0.1, days: 3 },
  drift: 0.002,
  ended: 0.004,
  delayed: 0.005,
}

/**
 * A world of chains and resellers, looked at only after everything was settled: mostly messages and money, few very large
 * companies, agencies that make one mistake for all their companies, a slower directory, more strangers.
 */
const second: Profile = {
  name: 'second',
  days: 14,
  companies: 1_000,
  events: 50_000,
  inequality: 1.5,
  stories: { retell: 0.15, whatsapp: 0.35, calcom: 0.15, stripe: 0.35 },
  unknownShare: 0.08,
  agencies: { share: 0.5, size: [5, 30] },
  callCentres: { share: 0.08, size: [3, 40], calls: 0.5, oneAgent: 0.15 },
  ported: { share: 0.004, late: 0.6, lateDays: 1 },
  recycled: { share: 0.01, late: 0.3, lateDays: 3 },
  moved: { share: 0.03, late: 0.2, lateDays: 1 },
  added: { share: 0.04, late: 0.5, lateDays: 1 },
  neverEntered: 0.006,
  wronglyEntered: 0.0005,
  metadata: { ringing: 0.8, wrongTemplate: 0.01, byAgency: true, stripe: 0.9 },
  retell: { webCalls: 0.15, chats: 0.1, outbound: 0.25, ownConnection: 0.02, bare: 0.03 },
  whatsapp: { share: 0.9, accountOnly: 0.002 },
  stripe: { connected: 0.2, siblings: 0.05, silent: 0.001 },
  calcom: { selfHosted: 0.4, sharedHost: 0.1, pastedElsewhere: 0.0005 },
  callerText: { forged: 0.02, honest: 0.05 },
  reviewedAfterDays: 1,
  corrections: { share: 0.05, days: 2 },
  drift: 0.005,
  ended: 0.01,
  delayed: 0.02,
}

/** The worlds by their names. */
export const profiles: ReadonlyMap<string, Profile> = new Map([first, second].map((profile) => [profile.name, profile]))
