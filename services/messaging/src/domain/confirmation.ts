import type { TemplateContent } from './message.ts'

/** What a confirmation is written from. */
export interface ConfirmedAppointment {
  readonly customerName: string
  readonly title: string
  readonly startsAt: Date
  readonly companyName: string
  /** IANA, such as "Europe/Berlin". */
  readonly timeZone: string
}

/** The text of a confirmation, in plain English and the company's time. */
export function confirmationText(appointment: ConfirmedAppointment): string {
  const { customerName, title, companyName } = oneLine(appointment)
  const greeting = customerName === '' ? 'Hello,' : `Hello ${customerName},`
  const what = title === '' ? 'your appointment' : `your appointment “${title}”`
  return `${greeting} ${what} with ${companyName} is confirmed for ${timeInWords(appointment)}.`
}

/** The same by a template, whose parameters the provider refuses when they are empty or have line breaks. */
export function confirmationTemplate(
  appointment: ConfirmedAppointment,
  { name, language }: Pick<TemplateContent, 'name' | 'language'>,
): TemplateContent {
  const { customerName, title, companyName } = oneLine(appointment)
  return { name, language, parameters: [customerName || 'there', title || 'Appointment', timeInWords(appointment), companyName] }
}

/** "Friday, 1 May 2026 at 11:00", by the wall clock of the company. */
function timeInWords({ startsAt, timeZone }: ConfirmedAppointment): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = Object.fromEntries(format.formatToParts(startsAt).map(({ type, value }) => [type, value]))
  return `${parts['weekday']}, ${parts['day']} ${parts['month']} ${parts['year']} at ${parts['hour']}:${parts['minute']}`
}

const longest = 200

function oneLine({ customerName, title, companyName }: ConfirmedAppointment) {
  const clean = (text: string) => Array.from(text.replaceAll(/\s+/g, ' ').trim()).slice(0, longest).join('')
  return { customerName: clean(customerName), title: clean(title), companyName: clean(companyName) }
}
