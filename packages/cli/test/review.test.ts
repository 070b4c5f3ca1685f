import { Attribution, Company, EvidenceKind, QuarantineReason, Reattribution, ReprocessOutcome, Sibling } from '@frontdesk/contracts'
import { expect, test } from 'vitest'
import { acme, at, attributed, eventId, quarantined, zenith } from './fixtures.ts'
import { operatorForEachTest } from './operator.ts'

const operator = operatorForEachTest()
const companies = {
  listCompanies: () =>
    Promise.resolve({
      companies: [Company.fromPartial({ companyId: acme, name: 'Acme' }), Company.fromPartial({ companyId: zenith, name: 'Zenith' })],
    }),
}
const number = { kind: EvidenceKind.PHONE_NUMBER, value: '+4930123456' }
const agent = { kind: EvidenceKind.VOICE_AGENT, value: 'agent_1' }
const waiting = Attribution.fromPartial({
  ...quarantined,
  waterfall: [
    { evidence: number, companyIds: [], weight: 4.6, running: [] },
    { evidence: agent, companyIds: [acme], weight: 9, running: [] },
  ],
})

test('quarantine list suggests what the directory does not know, and who has the rest', async () => {
  const cli = await operator({
    companies,
    attribution: { listQuarantine: () => Promise.resolve({ attributions: [waiting, quarantined] }) },
  })
  const { out } = await cli('quarantine', 'list')
  expect(out).toContain('phone number +4930123456 is unknown; Acme has voice agent agent_1')
  expect(out).toContain('it says nothing of its company')
})

test('a release can add the missing signal, and offers its siblings', async () => {
  const asked: unknown[] = []
  const release = { releasedBy: 'usr_ada', releasedAt: at, reason: QuarantineReason.NO_MATCH }
  const attribution = { ...attributed, decision: { $case: 'attributed', value: { companyId: acme, confidence: 1, release } } } as const
  const cli = await operator({
    companies,
    attribution: {
      releaseEvent: (request) => {
        asked.push(request)
        return Promise.resolve({ attribution, siblings: 3 })
      },
    },
  })
  const { err } = await cli('quarantine', 'release', eventId, '--company', 'acme', '--add-signal', 'phone_number=+4930123456')
  expect(asked).toMatchObject([{ eventId, companyId: acme, addSignal: { evidence: number } }])
  expect(err).toContain(
    '3 more waiting events are decided by it:  pnpm frontdesk quarantine release-siblings phone_number=+4930123456 --dry-run',
  )
  for (const wrong of ['phone_number', 'phone=+49', 'entity=cmp_1', 'team=']) {
    expect(await cli('quarantine', 'release', eventId, '--company', acme, '--add-signal', wrong)).toMatchObject({ code: 2 })
  }
  expect(asked).toHaveLength(1)
})

test('siblings are shown without a change, and released on request', async () => {
  const asked: unknown[] = []
  const sibling = Sibling.fromPartial({ event: { eventId, eventType: 'frontdesk.call.ended.v1' }, companyId: acme, confidence: 0.98 })
  const cli = await operator({
    companies,
    attribution: {
      releaseSiblings: ({ signal, dryRun }) => {
        asked.push([signal, dryRun])
        return Promise.resolve({ siblings: [{ ...sibling, released: !dryRun }] })
      },
    },
  })
  const given = 'phone_number=+4930123456'
  expect((await cli('quarantine', 'siblings', given)).out).toContain(`would go  frontdesk.call.ended.v1  Acme 0.9800  ${eventId}`)
  expect((await cli('quarantine', 'release-siblings', given, '--dry-run')).out).toContain('would go')
  expect((await cli('quarantine', 'release-siblings', given)).out).toContain('released')
  expect(asked).toEqual([true, true, false].map((dryRun) => [number, dryRun]))
})

test('a discard needs a reason, and tells who had discarded before', async () => {
  const discard = { discardedBy: 'usr_ada', discardedAt: at, note: 'a test call' }
  const decision = { $case: 'quarantined' as const, value: { reason: QuarantineReason.NO_MATCH, details: [], discard } }
  const cli = await operator({
    attribution: {
      discardEvent: ({ note }) => Promise.resolve({ attribution: { ...quarantined, decision }, alreadyDiscarded: note === 'again' }),
      getAttribution: () => Promise.resolve({ attribution: { ...quarantined, decision } }),
    },
  })
  expect(await cli('quarantine', 'discard', eventId)).toMatchObject({ code: 2 })
  expect((await cli('quarantine', 'discard', eventId, '--reason', 'a test call')).out).toBe(
    `Discarded: ${eventId}, frontdesk.call.ended.v1.`,
  )
  expect((await cli('quarantine', 'discard', eventId, '--reason', 'again')).out).toContain('by usr_ada at 2026-11-22T10:00:00.000Z already')
  expect((await cli('attributions', 'explain', eventId)).out).toContain('discarded by usr_ada at 2026-11-22T10:00:00.000Z: a test call')
})

test('a corrected attribution goes out as its next revision, a confirmed one does not', async () => {
  const sent: unknown[] = []
  const said: unknown[] = []
  const cli = await operator({
    companies,
    attribution: {
      getAttribution: () => Promise.resolve({ attribution: attributed }),
      reviewAttribution: ({ companyId, nobodys }) => {
        said.push({ companyId, nobodys })
        return Promise.resolve({ attribution: attributed, corrected: companyId !== acme })
      },
      listAudits: () => Promise.resolve({ attributions: [attributed] }),
    },
    ledger: {
      reprocessEvents: ({ eventIds }) => {
        sent.push(eventIds)
        return Promise.resolve({ events: [{ eventId, outcome: ReprocessOutcome.RAISED, revision: 1, nextRevision: 2 }] })
      },
    },
  })
  expect((await cli('audits', 'list')).out).toContain(`Acme >0.9999  ${eventId}`)
  expect((await cli('audits', 'confirm', eventId)).out).toBe(`Confirmed: ${eventId} went to ${acme}.`)
  expect(sent).toEqual([])
  expect(await cli('audits', 'correct', eventId, '--company', 'zenith')).toMatchObject({
    code: 0,
    out: `Corrected: ${eventId} is ${zenith}’s.`,
    err: expect.stringContaining('revision 2') as string,
  })
  expect(sent).toEqual([[eventId]])
  expect(await cli('audits', 'correct', eventId, '--nobodys')).toMatchObject({ code: 0, out: `Corrected: ${eventId} is nobody’s.` })
  expect(sent).toEqual([[eventId], [eventId]])
  expect(said).toEqual([
    { companyId: acme, nobodys: false },
    { companyId: zenith, nobodys: false },
    { companyId: '', nobodys: true },
  ])
  expect((await cli('audits', 'correct', eventId)).err).toContain('Give --company or --nobodys.')
  expect((await cli('audits', 'correct', eventId, '--nobodys', '--company', 'zenith')).err).toContain('not both')
})

test('reattribute tells what would change and why, and sends it as next revisions only without --dry-run', async () => {
  const other = 'cd'.repeat(32)
  const change = (id: string) =>
    Reattribution.fromPartial({
      eventId: id,
      revision: 1,
      eventType: 'frontdesk.call.ended.v1',
      entityId: 'call_1',
      companyId: acme,
      decision: { $case: 'attributed', value: { companyId: zenith, confidence: 0.99 } },
      changedEvidence: [{ evidence: number, companyIdsBefore: [acme], companyIdsNow: [zenith] }],
      modelVersionBefore: 'shipped-4',
      modelVersionNow: 'fitted-3',
    })
  const asked: unknown[] = []
  const sent: string[][] = []
  const cli = await operator({
    companies,
    attribution: {
      planReattribution: ({ decidedFrom, decidedUntil, companyId, pageToken }) => {
        asked.push([decidedFrom, decidedUntil, companyId])
        const first = pageToken === ''
        return Promise.resolve({ changes: [change(first ? eventId : other)], lookedAt: 5, nextPageToken: first ? '1.1' : '' })
      },
    },
    ledger: {
      reprocessEvents: ({ eventIds }) => {
        sent.push(eventIds)
        return Promise.resolve({ events: eventIds.map((id) => ({ eventId: id, revision: 1, nextRevision: id === eventId ? 2 : 0 })) })
      },
    },
  })
  const window = '2026-11-01..2026-11-08T12:00:00Z'
  const dry = await cli('reattribute', '--window', window, '--company', 'acme', '--dry-run')
  expect(dry.code).toBe(0)
  expect(dry.out).toContain(
    '  Acme → Zenith 0.9900\n  phone number +4930123456: was of Acme, is of Zenith\n  model: was shipped-4, is fitted-3',
  )
  expect(dry.out).toContain('2 of 10 would change.')
  expect(asked).toEqual([1, 2].map(() => [new Date('2026-11-01'), new Date('2026-11-08T12:00:00Z'), acme]))
  expect(sent).toEqual([])
  const applied = await cli('reattribute', '--window', window)
  expect(applied).toMatchObject({ code: 1, err: expect.stringContaining('1 of 2 can’t be sent again') as string })
  expect(applied.out).toContain('2 of 10 change; 1 sent as next revisions.')
  expect(sent).toEqual([[eventId], [other]])
  for (const wrong of ['7d', '1h..7d', '..1h', 'a..b']) expect(await cli('reattribute', '--window', wrong)).toMatchObject({ code: 2 })
})
