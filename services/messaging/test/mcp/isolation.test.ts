import type { CompanyId } from '@frontdesk/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataOf, newCompany, startHarness, textOf, type Harness } from './harness.ts'

const phoneNumber = '+4989111222333'
let harness: Harness
let own: CompanyId
let other: CompanyId
let conversationId: string

beforeAll(async () => {
  harness = await startHarness()
  own = newCompany()
  other = newCompany()
  harness.desks.converse(own)
  conversationId = harness.desks.converse(other, { name: 'Bertha Bee', phoneNumber })
  const { call } = await harness.connect([other])
  await call('send_message', { conversation_id: conversationId, text: 'private', idempotency_key: 'their key' })
})
afterAll(() => harness[Symbol.asyncDispose]())

test('a phone number or a key that another company used begins anew here', async () => {
  const { call } = await harness.connect([own])
  const sent = await call('send_template', {
    template_name: 'reminder',
    template_language: 'en_US',
    phone_number: phoneNumber,
    idempotency_key: 'their key',
  })
  expect(sent.structuredContent).toMatchObject({ already_sent: false })
  expect(JSON.stringify(sent)).not.toContain(conversationId)
  expect(harness.desks.messages(other)).toHaveLength(2)
})

test('a token for several companies names one, and a token for all names any', async () => {
  const third = newCompany()
  const several = await harness.connect([own, third])
  const refused = textOf(await several.call('list_conversations'))
  expect(refused).toMatch(/^invalid_argument: company_id/)
  expect(refused).toContain(own)
  expect(dataOf(await several.call('list_conversations', { company_id: third }))).toEqual({ conversations: [] })
  expect(textOf(await several.call('list_conversations', { company_id: other }))).toMatch(/^not_found/)
  const operator = await harness.connect('all')
  expect(textOf(await operator.call('list_conversations'))).toMatch(/^invalid_argument: company_id/)
  expect(JSON.stringify(await operator.call('list_conversations', { company_id: other }))).toContain('Bertha Bee')
  const nobody = await harness.connect([])
  expect(textOf(await nobody.call('list_conversations'))).toMatch(/^not_found/)
})
