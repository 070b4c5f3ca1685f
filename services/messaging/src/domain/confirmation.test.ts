import { expect, test } from 'vitest'
import { confirmationTemplate, confirmationText } from './confirmation.ts'

const appointment = {
  customerName: 'Ada',
  title: 'Cut',
  startsAt: new Date('2026-05-01T09:00:00Z'),
  companyName: 'Salon Nord',
  timeZone: 'Europe/Berlin',
}

test('a confirmation says who, what, where and when by the company’s clock', () => {
  expect(confirmationText(appointment)).toBe(
    'Hello Ada, your appointment “Cut” with Salon Nord is confirmed for Friday, 1 May 2026 at 11:00.',
  )
  expect(confirmationText({ ...appointment, timeZone: 'America/New_York' })).toContain('at 05:00')
  expect(confirmationText({ ...appointment, customerName: '', title: ' ' })).toBe(
    'Hello, your appointment with Salon Nord is confirmed for Friday, 1 May 2026 at 11:00.',
  )
})

test('daylight saving moves the clock, and midnight is 00:00', () => {
  const at = (instant: string) => confirmationText({ ...appointment, startsAt: new Date(instant) })
  expect(at('2026-03-28T09:00:00Z')).toContain('Saturday, 28 March 2026 at 10:00')
  expect(at('2026-03-29T09:00:00Z')).toContain('Sunday, 29 March 2026 at 11:00')
  expect(at('2026-06-30T22:00:00Z')).toContain('Wednesday, 1 July 2026 at 00:00')
})

test('a template’s parameters are never empty and never have line breaks', () => {
  const template = { name: 'confirmation', language: 'en_US' }
  expect(confirmationTemplate(appointment, template)).toEqual({
    ...template,
    parameters: ['Ada', 'Cut', 'Friday, 1 May 2026 at 11:00', 'Salon Nord'],
  })
  expect(confirmationTemplate({ ...appointment, customerName: '', title: 'Cut\n\t& colour' }, template).parameters.slice(0, 2)).toEqual([
    'there',
    'Cut & colour',
  ])
})

test('a long name is cut between characters, since half of one would be refused', () => {
  const { parameters } = confirmationTemplate(
    { ...appointment, customerName: `a${'🙂'.repeat(300)}` },
    { name: 'confirmation', language: 'en' },
  )
  expect(parameters[0]).toBe(`a${'🙂'.repeat(199)}`)
})
