import { expect, test } from 'vitest'
import { catalogue, decodePayload, encodePayload, type EventType, isEventType } from './catalogue.ts'
import { vouchForCompanyId } from './ids.ts'
import { bulkSubject, companySubject, everyCompanySubject, ingressSubject, quarantineSubject } from './subjects.ts'
import { billingEventTypes, billingProviderEventTypes, bookingEventTypes, durables, messagingEventTypes, streams } from './topology.ts'

const types = Object.keys(catalogue) as EventType[]

test('every payload survives its body, which is proto3 JSON', () => {
  for (const type of types) {
    const payload = catalogue[type].payload.fromJSON({})
    expect(decodePayload(type, encodePayload(type, payload as never))).toEqual(payload)
  }
  const body = encodePayload('frontdesk.call.ended.v1', { ...decodePayload('frontdesk.call.ended.v1', Buffer.from('{}')), durationMs: 5 })
  expect(JSON.parse(Buffer.from(body).toString())).toMatchObject({ durationMs: 5 })
})

test('what is not listed is no event type', () => {
  expect(isEventType('frontdesk.call.ended.v1')).toBe(true)
  for (const wrong of ['frontdesk.call.ended.v2', 'toString', '__proto__', '']) expect(isEventType(wrong)).toBe(false)
})

test('a subject follows from the type alone', () => {
  const company = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')
  expect(ingressSubject('retell', 'frontdesk.call.ended.v1')).toBe('ingress.retell.call.ended')
  expect(companySubject(company, 'frontdesk.calendar_booking.created.v1')).toBe(`company.${company}.calendar_booking.created`)
  expect(everyCompanySubject('frontdesk.call.ended.v1')).toBe('company.*.call.ended')
  expect(quarantineSubject('calcom', 'schema_drift')).toBe('quarantine.calcom.schema_drift')
  expect(bulkSubject('company.x.call.ended')).toBe('bulk.company.x.call.ended')
})

test('every durable has a stream that takes its subjects, and a lane of its own', () => {
  const prefixes = new Map(streams.map(({ name, subjects }) => [name as string, subjects.map((subject) => subject.replace('>', ''))]))
  for (const { stream, filterSubjects } of durables) {
    for (const filter of filterSubjects) expect(prefixes.get(stream)?.some((prefix) => filter.startsWith(prefix))).toBe(true)
  }
  expect(new Set(durables.map(({ name }) => name)).size).toBe(durables.length)
  const consumed = [...bookingEventTypes, ...billingEventTypes, ...billingProviderEventTypes, ...messagingEventTypes]
  expect(consumed.every(isEventType)).toBe(true)
})

test('of what providers send, a company service hears only that usage could not be counted', () => {
  const ofProviders = durables.filter(({ stream, service }) => stream === 'INGRESS' && service !== 'company-resolver')
  expect(ofProviders.map(({ service, filterSubjects }) => [service, filterSubjects])).toEqual([
    ['billing', ['ingress.stripe.meter.failed']],
    ['billing', ['bulk.ingress.stripe.meter.failed']],
  ])
})
