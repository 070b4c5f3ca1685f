import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { InboundEvent, InboundReading } from '@frontdesk/providers'
import { expect, test } from 'vitest'
import { answerInbound, type AnswerInboundDependencies } from './answer-inbound.ts'

const companyId = vouchForCompanyId(newId('cmp'))
const company = { companyId, name: 'Salon Sonne', timeZone: 'Europe/Berlin' }
const contact = (event: InboundEvent): InboundReading => ({ ok: true, event, evidence: [], callerNumber: '+4930111' })
const frozen = () => new Promise<never>(() => undefined)
const away = () => Promise.reject(new FrontdeskError('unavailable', { publicMessage: 'booking can not be reached at the moment.' }))
const request = { headers: {}, rawBody: Buffer.alloc(0) }

interface Overrides extends Partial<Pick<AnswerInboundDependencies, 'companies' | 'desk'>> {
  readonly reading?: InboundReading
  readonly verify?: () => void
}

function answering({ reading = contact('call_inbound'), verify = () => undefined, ...overrides }: Overrides = {}) {
  const read: string[] = []
  const answer = answerInbound({
    webhook: {
      verify,
      read: () => {
        read.push('read')
        return reading
      },
    },
    secrets: [],
    companies: { find: async () => company },
    desk: { answer: async () => ({ name: 'Ada', nextAppointment: { title: 'Cut', startsAt: new Date() } }) },
    clock: () => new Date(),
    timeoutMs: 40,
    ...overrides,
  })
  return { answer: () => answer(request), read }
}

test('nothing of a body is read before its signature was proved', async () => {
  const refusal = new FrontdeskError('signature_invalid', { publicMessage: 'No.' })
  const { answer, read } = answering({
    verify: () => {
      throw refusal
    },
  })
  await expect(answer()).rejects.toBe(refusal)
  expect(read).toEqual([])
})

test('a caller is told of, with the company in the metadata that the call’s later events bring back', async () => {
  const variables = expect.objectContaining({ customer_name: 'Ada', company_name: 'Salon Sonne' }) as unknown
  expect(await answering().answer()).toEqual({
    event: 'call_inbound',
    answer: { kind: 'told', variables, metadata: { company_id: companyId } },
    outcome: 'answered',
    companyId,
  })
})

test('who writes is told the company alone, and booking is not asked', async () => {
  const { answer } = answering({ reading: contact('chat_inbound'), desk: { answer: away } })
  expect(await answer()).toMatchObject({
    event: 'chat_inbound',
    answer: { variables: { customer_name: '', next_appointment: '', company_name: 'Salon Sonne' }, metadata: { company_id: companyId } },
  })
})

test.each<[string, Overrides, string]>([
  ['is nobody’s', { companies: { find: async () => ({ reason: 'ambiguous' }) } }, 'ambiguous'],
  ['does not fit', { reading: { ok: false, event: 'call_inbound', violations: ['to_number: …'] } }, 'schema_drift'],
  ['can’t be looked up', { companies: { find: away } }, 'unavailable'],
  ['finds a frozen resolver', { companies: { find: frozen } }, 'deadline_exceeded'],
  ['finds booking away', { desk: { answer: away } }, 'unavailable'],
  ['finds booking frozen', { desk: { answer: frozen } }, 'deadline_exceeded'],
  ['meets a time zone that is none', { companies: { find: async () => ({ ...company, timeZone: 'Mars' }) } }, 'internal'],
])('a call that %s goes to the number’s usual agent, and why is known', async (_, overrides, outcome) => {
  expect(await answering(overrides).answer()).toMatchObject({ answer: { kind: 'usual' }, outcome })
})

test('a company that takes no calls has them rejected, and nothing is told', async () => {
  const { answer } = answering({ desk: { answer: async () => ({ refusal: 'no_subscription' }) } })
  expect(await answer()).toEqual({
    event: 'call_inbound',
    answer: { kind: 'reject' },
    outcome: 'rejected',
    companyId,
    problem: 'no_subscription',
  })
})
