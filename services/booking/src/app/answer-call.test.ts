import { newId, vouchForCompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { answerCall } from './answer-call.ts'
import type { Entitlement, KnownCaller } from './ports.ts'

const companyId = vouchForCompanyId(newId('cmp'))
const now = new Date('2026-11-24T09:00:00Z')
const ada: KnownCaller = { name: 'Ada', nextAppointment: { id: newId('apt'), title: 'Cut', startsAt: now } }

function answering(entitlement: () => Promise<Entitlement>) {
  const asked: unknown[] = []
  const unchecked: unknown[] = []
  const answer = answerCall({
    entitlements: { voice: entitlement },
    callers: (company) => ({
      find: async (callerNumber, at) => {
        asked.push([company, callerNumber, at])
        return callerNumber === '+4930111' ? ada : undefined
      },
    }),
    now: () => now,
    onUnchecked: (company, error) => unchecked.push([company, error]),
  })
  return { answer, asked, unchecked }
}

test('an entitled company learns who calls it', async () => {
  const { answer, asked, unchecked } = answering(async () => ({ allowed: true }))
  expect(await answer({ companyId, callerNumber: '+4930111' })).toEqual({ accepted: true, caller: ada })
  expect(asked).toEqual([[companyId, '+4930111', now]])
  expect(unchecked).toEqual([])
})

test('of a withheld number nobody is looked for', async () => {
  const { answer, asked } = answering(async () => ({ allowed: true }))
  expect(await answer({ companyId, callerNumber: undefined })).toEqual({ accepted: true, caller: undefined })
  expect(asked).toEqual([])
})

test('a company that may not use voice is told why and nothing else', async () => {
  const { answer } = answering(async () => ({ allowed: false, reason: 'no_subscription' }))
  expect(await answer({ companyId, callerNumber: '+4930111' })).toEqual({ accepted: false, reason: 'no_subscription' })
})

test('while billing can’t be asked the call is taken, and it is told', async () => {
  const failure = new FrontdeskError('unavailable', { publicMessage: 'billing can not be reached at the moment.' })
  const { answer, unchecked } = answering(() => Promise.reject(failure))
  expect(await answer({ companyId, callerNumber: '+4930111' })).toEqual({ accepted: true, caller: ada })
  expect(unchecked).toEqual([[companyId, failure]])
})
