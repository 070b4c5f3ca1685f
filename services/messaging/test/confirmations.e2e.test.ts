import { newId } from '@frontdesk/contracts'
import { eventually } from '@frontdesk/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { appointmentConfirmed } from './events.ts'
import { aPhoneNumber, aSenderNumber, newCompany } from './harness.ts'
import { type ScriptedHarness, startScriptedHarness } from './scripted-harness.ts'
import { metaError } from './scripted-provider.ts'

let harness: ScriptedHarness
beforeAll(async () => {
  harness = await startScriptedHarness()
})
afterAll(() => harness[Symbol.asyncDispose]())

test('a confirmed appointment leads to one confirmation, whatever is told of it again', async () => {
  const companyId = newCompany()
  const phoneNumberId = aSenderNumber()
  await harness.putSender(companyId, phoneNumberId)
  const phoneNumber = aPhoneNumber()
  const appointmentId = harness.anAppointment(companyId, phoneNumber, { startsAt: new Date('2030-05-01T09:00:00Z') })
  await harness.publish(appointmentConfirmed(companyId, appointmentId))
  await harness.publish(appointmentConfirmed(companyId, appointmentId, 2))
  const confirmation = await harness.messageOf(companyId, { appointmentId }, 'SENT')
  expect(confirmation).toMatchObject({
    purpose: 'appointment_confirmation',
    kind: 'template',
    template: { name: 'confirmation', language: 'en_US' },
    templateParameters: ['Ada', 'Cut', 'Wednesday, 1 May 2030 at 11:00', 'Salon Nord'],
  })
  expect(harness.provider.callsOf(confirmation.messageId)).toMatchObject([{ body: { to: phoneNumber.slice(1), type: 'template' } }])
  expect(await harness.outbox(companyId)).toMatchObject([
    { body: { purpose: 'appointment_confirmation', appointmentId, kind: 'template' } },
  ])
})

test('within 24 hours a confirmation is a text; where the provider says otherwise, its template follows', async () => {
  const phoneNumber = aPhoneNumber()
  const { companyId, conversationId } = await harness.aConversation({ sender: { phoneNumber } })
  const asText = harness.anAppointment(companyId, phoneNumber)
  await harness.publish(appointmentConfirmed(companyId, asText))
  const text = await harness.messageOf(companyId, { appointmentId: asText }, 'SENT')
  expect(text).toMatchObject({
    kind: 'text',
    conversationId,
    text: expect.stringMatching(/^Hello Ada, your appointment “Cut” with Salon Nord/),
  })

  harness.provider.script(metaError(400, 131047))
  const asTemplate = harness.anAppointment(companyId, phoneNumber)
  await harness.publish(appointmentConfirmed(companyId, asTemplate))
  const template = await harness.messageOf(companyId, { appointmentId: asTemplate }, 'SENT')
  expect(template.kind).toBe('template')
  expect(harness.provider.callsOf(template.messageId).map(({ body }) => body['type'])).toEqual(['text', 'template'])
})

test('nothing is sent to nobody, for nothing, or by a company that may not, and each says why', async () => {
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber(), false)
  const confirm = async (appointmentId: string, of = companyId) => {
    await harness.publish(appointmentConfirmed(of, appointmentId))
    return (await harness.messageOf(of, { appointmentId }, 'FAILED')).failureReason
  }
  expect(await confirm(newId('apt'))).toBe('The appointment is no longer there.')
  expect(await confirm(harness.anAppointment(companyId, ''))).toBe('The customer has no phone number.')
  expect(await confirm(harness.anAppointment(companyId, aPhoneNumber(), { status: 'APPOINTMENT_STATUS_CANCELLED' }))).toBe(
    'The appointment is cancelled.',
  )
  expect(await confirm(harness.anAppointment(companyId))).toContain('no confirmation template')
  const withoutSender = newCompany()
  expect(await confirm(harness.anAppointment(withoutSender), withoutSender)).toBe('The company has no number to write from.')
  harness.others.refused.add(companyId)
  expect(await confirm(harness.anAppointment(companyId))).toBe('The company’s subscription is not active.')
})

test('what was refused unsent is looked at again when its appointment is confirmed again, and goes once', async () => {
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber())
  const appointmentId = harness.anAppointment(companyId)
  const appointment = harness.others.appointments.get(appointmentId)
  harness.others.appointments.set(appointmentId, { ...appointment, status: 'APPOINTMENT_STATUS_CANCELLED' })
  await harness.publish(appointmentConfirmed(companyId, appointmentId))
  await harness.messageOf(companyId, { appointmentId }, 'FAILED')

  harness.others.appointments.set(appointmentId, { ...appointment })
  await harness.publish(appointmentConfirmed(companyId, appointmentId, 2))
  const { messageId, failureReason } = await harness.messageOf(companyId, { appointmentId }, 'SENT')
  expect(failureReason).toBe('')
  await harness.publish(appointmentConfirmed(companyId, appointmentId, 3))
  await harness.messageOf(companyId, { appointmentId }, 'SENT')
  expect(harness.provider.callsOf(messageId)).toHaveLength(1)
})

// The last of all: it moves the clock.
test('while booking, billing or the directory are away a confirmation waits, seen by the operator, and then goes once as things stand', async () => {
  const companyId = newCompany()
  await harness.putSender(companyId, aSenderNumber())
  const appointmentId = harness.anAppointment(companyId)
  for (const name of ['booking', 'billing', 'company-resolver'] as const) harness.others.away.add(name)
  await harness.publish(appointmentConfirmed(companyId, appointmentId))
  const waiting = async () => {
    const { messages } = await harness.messaging.listMessages({ companyId, appointmentId })
    expect(messages).toMatchObject([{ status: 'MESSAGE_STATUS_QUEUED', failureReason: expect.stringContaining('away') }])
    return messages[0]?.statusChangedAt?.getTime() ?? 0
  }
  const before = await eventually(waiting)
  harness.advance(400_000)
  await eventually(async () => expect(await waiting()).toBeGreaterThan(before + 300_000))
  const metrics = await (await fetch(`${harness.service.adminUrl}/metrics`)).text()
  expect(Number(/^frontdesk_messaging_queue_age_seconds (\S+)/m.exec(metrics)?.[1])).toBeGreaterThanOrEqual(400)

  const appointment = harness.others.appointments.get(appointmentId)
  harness.others.appointments.set(appointmentId, { ...appointment, startsAt: new Date('2030-05-01T09:00:00Z') })
  harness.others.away.clear()
  harness.advance(600_000)
  const { messageId, templateParameters } = await harness.messageOf(companyId, { appointmentId }, 'SENT')
  expect(templateParameters).toContain('Wednesday, 1 May 2030 at 11:00')
  expect(harness.provider.callsOf(messageId)).toHaveLength(1)
})
