import { z } from 'zod'
import { anyObject, epochMs, expectation, identifier, instant, kindName, readAs, text, uint32 } from '../schema.ts'

/** What every Retell event has. */
export const envelope = z.object({ event: kindName })

const call = z.object({
  call_id: identifier,
  agent_id: identifier.nullish(),
  call_type: text(64).nullish(),
  direction: z.enum(['inbound', 'outbound']).nullish(),
  from_number: text(255).nullish(),
  to_number: text(255).nullish(),
  start_timestamp: epochMs.nullish(),
})

const endedCall = call.extend({
  end_timestamp: epochMs.nullish(),
  duration_ms: uint32.nullish(),
  disconnection_reason: text(128).nullish(),
})

/** Our agents' convention for a caller who asked for an appointment; the package's README tells it to those who configure agents. */
const appointmentConvention = z
  .object({
    customer_name: text(1_020).nullish(),
    offering: text(2_000).nullish(),
    service: text(2_000).nullish(),
    preferred_time: text(1_020).nullish(),
    notes: text(40_000).nullish(),
  })
  .transform((request) => ({
    customerName: request.customer_name ?? '',
    offering: request.offering || request.service || '',
    preferredStart: readAs(instant, request.preferred_time?.trim()),
    preferredStartText: request.preferred_time ?? '',
    notes: request.notes ?? '',
  }))

const customAnalysis = anyObject.transform((data, context) => {
  const requested = data['appointment_requested'] ?? false
  if (typeof requested !== 'boolean' && typeof requested !== 'string') {
    context.addIssue({ code: 'custom', path: ['appointment_requested'], message: 'expected boolean or string' })
    return z.NEVER
  }
  const affirmed = requested === true || ['true', 'yes'].includes(String(requested).trim().toLowerCase())
  // What else an agent extracts under these names is its own affair.
  if (!affirmed) return { data, appointmentRequest: undefined }
  const request = appointmentConvention.safeParse(data, { error: expectation })
  if (request.success) return { data, appointmentRequest: request.data }
  for (const { path, message } of request.error.issues) context.addIssue({ code: 'custom', path, message })
  return z.NEVER
})

export const callStarted = z.object({ call })
export const callEnded = z.object({ call: endedCall })
export const callAnalyzed = z.object({
  call: call.extend({
    call_analysis: z.object({
      call_summary: text(64_000).nullish(),
      user_sentiment: text(64).nullish(),
      call_successful: z.boolean().nullish(),
      in_voicemail: z.boolean().nullish(),
      custom_analysis_data: customAnalysis.nullish(),
    }),
  }),
})

/** A number or an address, by itself or in what the agent was set up with; a destination that a prompt infers has none. */
const destination = z.union([text(255), z.object({ number: text(255).nullish() }).transform(({ number }) => number ?? '')], {
  error: 'expected a text, or an object whose number is one',
})
const option = z.union([text(64), z.object({ type: text(64).nullish() }).transform(({ type }) => type ?? '')], {
  error: 'expected a text, or an object whose type is one',
})

export const callTransferred = z.object({ call, transfer_destination: destination.nullish(), transfer_option: option.nullish() })

export type RetellCall = z.output<typeof call>
