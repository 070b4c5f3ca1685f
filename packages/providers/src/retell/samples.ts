import type { JsonObject } from '../json.ts'

/** An inbound call as Retell tells of it at each of its stages. */
export function retellDefaults(event: string): JsonObject {
  const started: JsonObject = {
    call_type: 'phone_call',
    call_id: 'call_5f3c1a9be2d84706',
    agent_id: 'agent_7b1e90c2',
    agent_version: 1,
    call_status: 'ongoing',
    direction: 'inbound',
    from_number: '+493012340001',
    to_number: '+493012345678',
    start_timestamp: 1_795_165_200_000,
  }
  const ended: JsonObject = {
    ...started,
    call_status: 'ended',
    end_timestamp: 1_795_165_292_500,
    duration_ms: 92_500,
    disconnection_reason: 'user_hangup',
    transcript: 'Agent: Hello, how can I help?\nUser: I would like a haircut next Tuesday at ten.\n',
  }
  if (event === 'call_started') return { event, call: started }
  if (event === 'call_ended') return { event, call: ended }
  if (event.startsWith('chat_'))
    return { event, chat: { chat_id: 'chat_91d0c7f4a2b35e68', agent_id: 'agent_7b1e90c2', chat_status: 'ended' } }
  if (event === 'transfer_ended') return { event, call: started }
  if (event.startsWith('transfer_')) {
    return {
      event,
      call: started,
      transfer_destination: { type: 'predefined', number: '+493012349999' },
      transfer_option: { type: 'cold_transfer' },
    }
  }
  return {
    event,
    call: {
      ...ended,
      call_analysis: {
        call_summary: 'The caller asked for a haircut on Tuesday at ten.',
        user_sentiment: 'Positive',
        call_successful: true,
        in_voicemail: false,
        custom_analysis_data: {
          appointment_requested: true,
          customer_name: 'Jana Beispiel',
          offering: 'Haircut',
          preferred_time: '2026-11-24T10:00:00+01:00',
          notes: 'Prefers Mia.',
        },
      },
    },
  }
}

/** A phone that rings, or a first text message: what Retell asks before it answers. */
export function retellInboundDefaults(event: 'call_inbound' | 'chat_inbound'): JsonObject {
  const contact = { agent_id: 'agent_7b1e90c2', agent_version: 1, from_number: '+493012340001', to_number: '+493012345678' }
  const asked: JsonObject = event === 'call_inbound' ? { ...contact, custom_sip_headers: { 'x-trunk': 'berlin-1' } } : contact
  return { event, event_timestamp: 1_795_165_195_000, [event]: asked }
}

/** A tool call of the agent's, in the middle of an inbound call. */
export function retellFunctionDefaults(name: 'check_availability' | 'book_appointment'): JsonObject {
  const args: JsonObject =
    name === 'check_availability'
      ? { date: '2026-11-24', duration_minutes: 45 }
      : { start: '2026-11-24T10:00:00+01:00', duration_minutes: 45, offering: 'Haircut', customer_name: 'Jana Beispiel' }
  const { call } = retellDefaults('call_started')
  const transcript = [
    { role: 'user', content: 'I would like a haircut next Tuesday at ten.' },
    { role: 'tool_call_invocation', tool_call_id: 'tool_call_3f9a', name, arguments: JSON.stringify(args) },
  ]
  return { name, call: { ...(call as JsonObject), transcript_with_tool_calls: transcript }, args }
}
