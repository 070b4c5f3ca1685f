import { speakable, spokenTime } from './call-variables.ts'

/** What a voice agent's tool gives back: `say` is for the caller, all else for the agent. */
export interface FunctionAnswer {
  readonly status: string
  readonly say: string
  readonly [detail: string]: string | readonly string[]
}

/** An appointment that a call made. */
export interface BookedAppointment {
  readonly appointmentId: string
  readonly title: string
  readonly startsAt: Date
}

/** Of more nobody could choose by ear, and a result has to stay under 15,000 characters. */
const toldMax = 20
const spokenMax = 3

export const notOurs: FunctionAnswer = {
  status: 'refused',
  say: 'I’m sorry, I can’t see to appointments on this line.',
}

/** It may have happened, so that it is never told as a failure. */
export const unconfirmed: FunctionAnswer = { status: 'unconfirmed', say: 'I’m confirming that; you will hear from us.' }

export const calendarAway: FunctionAnswer = { status: 'unavailable', say: 'I’m sorry, I can’t see the calendar right now.' }

export function notUnderstood(violations: readonly string[]): FunctionAnswer {
  const say = 'Sorry, I did not get that right. Could you tell me once more what you would like, and when?'
  return { status: 'invalid_arguments', say, problems: violations.slice(0, toldMax).map(speakable) }
}

export function freeTimes(starts: readonly Date[], timeZone: string): FunctionAnswer {
  if (starts.length === 0) return { status: 'none_free', say: 'I’m sorry, there is nothing free at that time.', free_times: [] }
  const spoken = starts.slice(0, spokenMax).map((at) => spokenTime(at, timeZone))
  return {
    status: 'free',
    say: `We have time on ${spoken.join(', or on ')}.`,
    free_times: starts.slice(0, toldMax).map((at) => at.toISOString()),
  }
}

export function booked({ appointmentId, title, startsAt }: BookedAppointment, timeZone: string): FunctionAnswer {
  const say = `You are booked: ${speakable(title)}, ${spokenTime(startsAt, timeZone)}.`
  return { status: 'booked', say, appointment_id: appointmentId, starts_at: startsAt.toISOString() }
}

const refusals: Readonly<Record<string, string>> = {
  taken: 'I’m sorry, that time is taken. Shall I look for another one?',
  past: 'That time has passed already. Which other time would suit you?',
  cancelled: 'That appointment has been cancelled meanwhile. Shall I look for another time?',
}

export function notBooked(refusal: string): FunctionAnswer {
  return { status: refusal, say: refusals[refusal] ?? 'I’m sorry, I can’t book that.' }
}
