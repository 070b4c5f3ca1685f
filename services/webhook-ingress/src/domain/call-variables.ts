/** Whom a caller reached. */
export interface CalledCompany {
  readonly name: string
  /** IANA, such as `Europe/Berlin`. */
  readonly timeZone: string
}

/** What the company knows of who calls. */
export interface Caller {
  /** Empty for a stranger. */
  readonly name: string
  readonly nextAppointment: { readonly title: string; readonly startsAt: Date } | undefined
}

/** What a voice agent may use in its prompt and first sentence. */
export interface CallVariables {
  readonly [name: string]: string
  readonly greeting: string
  readonly company_name: string
  readonly company_time_zone: string
  readonly customer_name: string
  readonly next_appointment: string
  readonly next_appointment_at: string
}

export const stranger: Caller = { name: '', nextAppointment: undefined }

/** Every variable always, empty where nothing is known: an agent would read a missing one out as `{{customer_name}}`. */
export function callVariables(company: CalledCompany, caller: Caller): CallVariables {
  const companyName = speakable(company.name)
  const customerName = speakable(caller.name)
  const next = caller.nextAppointment
  return {
    greeting: `Hello${customerName && ` ${customerName}`}, you have reached ${companyName}. How can I help you?`,
    company_name: companyName,
    company_time_zone: company.timeZone,
    customer_name: customerName,
    next_appointment: next ? [speakable(next.title), spokenTime(next.startsAt, company.timeZone)].filter(Boolean).join(', ') : '',
    next_appointment_at: next ? next.startsAt.toISOString() : '',
  }
}

/**
 * A text that somebody typed or said, on its way into an agent's prompt: one short line, without what could end a
 * quotation there or name another variable.
 */
export function speakable(text: string): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .replaceAll(/[{}<>[\]`"\\]/g, '')
    .trim()
  const [beginning = ''] = /^.{0,80}/u.exec(line) ?? []
  return beginning.trimEnd()
}

/** By the company's clock: `Tuesday, 24 November 2026 at 10:00`. */
export function spokenTime(at: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
  })
  return format.format(at)
}
