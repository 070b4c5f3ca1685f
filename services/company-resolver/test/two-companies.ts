import { type CompanyId, decodePayload, EvidenceKind, newId, type QuarantineReason, vouchForCompanyId } from '@frontdesk/contracts'
import { isFrontdeskError } from '@frontdesk/errors'
import { eventually } from '@frontdesk/testing'
import { expect } from 'vitest'
import { ingressEvent, startHarness, storedIn } from './harness.ts'

/** An event as the ingress publishes it. */
export type IngressEvent = ReturnType<typeof ingressEvent>

export const agent = (value: string) => ({ kind: EvidenceKind.VOICE_AGENT, value })

/** An event of a call of its own, with such evidence. */
export const anEvent = (
  evidence: { kind: EvidenceKind; value: string }[],
  options: Partial<Parameters<typeof ingressEvent>[0]> = {},
): IngressEvent => {
  const key = options.key ?? newId('evt')
  return ingressEvent({
    type: 'frontdesk.call.analyzed.v1',
    ...options,
    key,
    source: { evidence, entityId: `call_${key}`, ...options.source },
  })
}
/** The event's next revision, as the ingress reprocesses it. */
export const revised = (event: IngressEvent, revision: number): IngressEvent => ({ ...event, envelope: { ...event.envelope, revision } })

export const wentTo = (companyId: string) => ({ $case: 'attributed', value: { companyId } })
export const waitsFor = (reason: QuarantineReason) => ({ $case: 'quarantined', value: { reason } })

/** What a call was refused with. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isFrontdeskError(error)) throw new Error('it was not refused', { cause: error })
  return error.publicMessage
}

/** A resolver with two companies, each of which has its own voice agent (`agent_a`, `agent_b`), and what became of events there. */
export async function startTwoCompanies() {
  const harness = await startHarness()
  const companies = {} as Record<'a' | 'b', CompanyId>
  for (const name of ['a', 'b'] as const) {
    const { company } = await harness.directory.createCompany({ name, timeZone: 'UTC' })
    companies[name] = vouchForCompanyId(company?.companyId ?? '')
    await harness.directory.addSignal({ companyId: companies[name], ...agent(`agent_${name}`) })
  }

  async function decided(event: IngressEvent) {
    const { id: eventId, revision } = event.envelope
    expect(await harness.bus.publish([event])).toMatchObject([{ ok: true }])
    const { attribution } = await eventually(() => harness.attribution.getAttribution({ eventId, revision }))
    return attribution?.decision
  }

  /** Where the event was sent and taken back, in the order of the stream. */
  async function told({ envelope }: IngressEvent) {
    const stored = await storedIn(harness.bus, 'COMPANY')
    return stored.flatMap(({ envelope: sent, body }) => {
      if (sent.id === envelope.id) return [`${sent.companyId} has ${sent.revision}`]
      if (sent.causationId !== envelope.id || sent.type !== 'frontdesk.event.withdrawn.v1') return []
      return [`${sent.companyId} gives back below ${decodePayload('frontdesk.event.withdrawn.v1', Buffer.from(body)).beforeRevision}`]
    })
  }
  const eventuallyTold = (event: IngressEvent, expected: string[]) => eventually(async () => expect(await told(event)).toEqual(expected))

  return { harness, companies, decided, told, eventuallyTold }
}
