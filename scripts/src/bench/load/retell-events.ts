import { sign } from '../ingress/retell-signature.ts'

/** A webhook that is ready to be sent. */
export interface SignedEvent {
  readonly body: Buffer
  readonly signature: string
}

const bodyBytes = 1_536
const kinds = ['call_started', 'call_ended', 'call_analyzed'] as const

/** The nth event of a run: each call starts, ends and is analyzed; 1.5 KB, signed now. */
export function retellEvent(apiKey: string, run: string, n: number): SignedEvent {
  const kind = kinds[n % kinds.length] ?? 'call_ended'
  const number = Math.floor(n / kinds.length)
  const body = Buffer.from(bodyOf(kind, `call_${run}_${number.toString(36).padStart(8, '0')}`))
  return { body, signature: sign(body, apiKey, Date.now()) }
}

const endedAt = Date.now() - 60_000
const templates = new Map(kinds.map((kind) => [kind, templateOf(kind)]))

function bodyOf(kind: (typeof kinds)[number], callId: string): string {
  const [before = '', after = ''] = templates.get(kind) ?? []
  return before + callId + after
}

/** What stands before and after the call's id. */
function templateOf(kind: (typeof kinds)[number]): [string, string] {
  const call = {
    call_id: '<call id>',
    call_type: 'phone_call',
    agent_id: 'agent_7d1c2f0e5a9b4c38a6e0d4b1f2c3a495',
    agent_version: 3,
    call_status: kind === 'call_started' ? 'ongoing' : 'ended',
    direction: 'inbound',
    from_number: '+4915112345678',
    to_number: '+493012345678',
    start_timestamp: endedAt - 95_000,
    ...(kind !== 'call_started' && {
      end_timestamp: endedAt,
      duration_ms: 95_000,
      disconnection_reason: 'user_hangup',
    }),
    ...(kind === 'call_analyzed' && {
      call_analysis: {
        call_summary: 'The caller asked for a haircut on Friday afternoon and left a name.',
        user_sentiment: 'Positive',
        call_successful: true,
        in_voicemail: false,
        custom_analysis_data: { appointment_requested: true, customer_name: 'Ada Musterfrau', service: 'haircut' },
      },
    }),
    metadata: {},
    transcript: '',
  }
  const withText = (transcript: string) => JSON.stringify({ event: kind, call: { ...call, transcript } })
  const idBytes = 'call_'.length + 20
  const missing = bodyBytes - withText('').length + call.call_id.length - idBytes
  const [before = '', after = ''] = withText(
    'Agent: Good morning. User: Hello, I would like an appointment. '.repeat(40).slice(0, missing),
  ).split(call.call_id)
  return [before, after]
}
