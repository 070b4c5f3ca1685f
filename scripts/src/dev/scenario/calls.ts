import { randomBytes } from 'node:crypto'
import type { Money } from '@frontdesk/contracts'
import { retellInboundWebhook, retellWebhook, signRetell } from '@frontdesk/providers/testing'
import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { appointmentOf, publishedOn, until } from '../follow.ts'
import type { PublicInterfaces } from '../public-interfaces.ts'
import { postWebhook, type SignedWebhook } from '../webhooks.ts'
import type { Effect, EventStep, QuestionStep } from './step.ts'
import { webhookStep } from './webhook-step.ts'

const hourMs = 60 * 60 * 1000
/** Begun minutes count: this makes three. */
const callMs = 125_000

/** A phone rings, and the agent is told whose it is before it answers. */
export function ringingStep(manifest: Manifest, company: DemoCompany, now: Date): QuestionStep {
  return {
    name: 'retell call_inbound',
    company,
    async ask() {
      const { body } = retellInboundWebhook('call_inbound', {
        event_timestamp: now.getTime(),
        call_inbound: { agent_id: company.retellAgentIds[0] ?? '', to_number: company.phoneNumbers[0] ?? '' },
      })
      const signed = signedByRetell(manifest, body, new Date())
      const response = await postWebhook(manifest, { ...signed, path: '/v1/retell/inbound' })
      const answer = (await response.json()) as { call_inbound?: { metadata?: { company_id?: string } } }
      if (answer.call_inbound?.metadata?.company_id !== company.id) throw new Error(`the answer was ${JSON.stringify(answer)}`)
      return [{ text: 'answered with the company and what is known of the caller' }]
    },
  }
}

/** A call from its start to its analysis: it is counted, and an appointment is asked for. */
export function callSteps(manifest: Manifest, company: DemoCompany, now: Date): EventStep[] {
  const callId = `call_${randomBytes(8).toString('hex')}`
  const call = {
    call_id: callId,
    agent_id: company.retellAgentIds[0] ?? '',
    to_number: company.phoneNumbers[0] ?? '',
    start_timestamp: now.getTime() - callMs,
  }
  const ended = { ...call, end_timestamp: now.getTime(), duration_ms: callMs }
  const preferred = new Date(now.getTime() + 48 * hourMs)
  const analyzed = {
    ...ended,
    call_analysis: {
      call_summary: 'The caller asked for an appointment.',
      custom_analysis_data: {
        appointment_requested: true,
        customer_name: 'Ada Caller',
        offering: 'Consultation',
        preferred_time: preferred.toISOString(),
      },
    },
  }
  const step = (event: 'call_started' | 'call_ended' | 'call_analyzed', body: Buffer, effects: Effects): EventStep =>
    webhookStep(manifest, {
      name: `retell ${event}`,
      webhook: signedByRetell(manifest, body, now),
      entityId: callId,
      eventType: `frontdesk.${event.replace('_', '.')}.v1`,
      expect: { kind: 'attributed', company, effects },
    })
  return [
    step('call_started', retellWebhook('call_started', { call }).body, (outside, eventId) => publishedOn(outside, company.id, eventId)),
    counted(company, (effects) => step('call_ended', retellWebhook('call_ended', { call: ended }).body, effects)),
    step('call_analyzed', retellWebhook('call_analyzed', { call: analyzed }).body, async (outside) => {
      const { appointmentId } = await appointmentOf(
        outside,
        company.id,
        callId,
        ({ status, startsAt }) => status === 'APPOINTMENT_STATUS_REQUESTED' && startsAt?.getTime() === preferred.getTime(),
      )
      return [{ text: `appointment ${appointmentId} requested`, ids: { appointmentId } }]
    }),
  ]
}

type Effects = (outside: PublicInterfaces, eventId: string) => Promise<Effect[]>

/** The step, with what its minutes do to the running invoice. */
function counted(company: DemoCompany, stepWith: (effects: Effects) => EventStep): EventStep {
  let before: Money | undefined
  const step = stepWith(async (outside, eventId) => {
    const usage = await until('its usage', async () =>
      (await outside.billing.listUsage({ companyId: company.id })).usage.find((record) => record.eventId === eventId),
    )
    const after = (await outside.billing.previewInvoice({ companyId: company.id })).total
    if (!before || !after || after.amountMinor <= before.amountMinor) throw new Error('the running invoice did not grow')
    return [
      { text: `usage ${usage.usageId} ${usage.quantity} minutes`, ids: { usageId: usage.usageId } },
      { text: `running invoice ${inWords(before)} → ${inWords(after)}` },
    ]
  })
  return {
    ...step,
    async begin(outside) {
      before = (await outside.billing.previewInvoice({ companyId: company.id })).total
      return step.begin(outside)
    },
  }
}

function inWords({ amountMinor, currency }: Money): string {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).format(Number(amountMinor) / 100)
}

/** A body as Retell signs and sends it. */
export function signedByRetell({ providers }: Manifest, body: Buffer, now: Date): SignedWebhook {
  return {
    path: '/v1/webhooks/retell',
    body,
    headers: { 'x-retell-signature': signRetell(body, providers.retell.apiKey, now.getTime()) },
  }
}
