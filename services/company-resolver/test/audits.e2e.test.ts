import { QuarantineReason } from '@frontdesk/contracts'
import { afterAll, expect, test } from 'vitest'
import { isDrawn } from '../src/domain/audit.ts'
import { agent, anEvent, type IngressEvent, refusal, revised, startTwoCompanies, waitsFor, wentTo } from './two-companies.ts'

const { harness, companies, decided, eventuallyTold } = await startTwoCompanies()
afterAll(() => harness[Symbol.asyncDispose]())

const waiting = async () => (await harness.attribution.listAudits({})).attributions.map(({ eventId }) => eventId)
const review = ({ envelope }: IngressEvent, companyId: string) => harness.attribution.reviewAttribution({ eventId: envelope.id, companyId })
const labelsOf = async ({ envelope }: IngressEvent) => {
  const { labels } = await harness.attribution.listLabels({ pageSize: 200 })
  return labels.filter(({ attribution }) => attribution?.eventId === envelope.id)
}
/** So many that the lot falls on a few. */
const candidates = Array.from({ length: 4_000 }, (_, index) => anEvent([agent('agent_a')], { key: `lot-${index}` }))
const drawn = candidates.filter(({ envelope }) => isDrawn(envelope.id))
const [confirmed, corrected, strangers] = drawn
if (!confirmed || !corrected || !strangers) throw new Error('the lot fell on fewer than three')

test('of attributed events the lot draws some, a person confirms or corrects them, and his word is a label with its chance', async () => {
  const others = candidates.filter((one) => !drawn.includes(one)).slice(0, 5)
  for (const event of [confirmed, corrected, ...others]) await decided(event)
  expect((await waiting()).toSorted()).toEqual([confirmed, corrected].map(({ envelope }) => envelope.id).toSorted())

  expect(await review(confirmed, companies.a)).toMatchObject({ corrected: false })
  expect(await review(corrected, companies.b)).toMatchObject({ corrected: true })
  expect(await waiting()).toEqual([])
  expect(await decided(revised(corrected, 2))).toMatchObject(wentTo(companies.b))
  await eventuallyTold(corrected, [`${companies.a} has 1`, `${companies.b} has 2`, `${companies.a} gives back below 2`])

  const [notDrawn = confirmed] = others
  await review(notDrawn, companies.a)
  const modelVersion = expect.any(String) as string
  expect(await labelsOf(confirmed)).toMatchObject([{ companyId: companies.a, propensity: 0.002, attribution: { modelVersion } }])
  expect(await labelsOf(corrected)).toMatchObject([{ companyId: companies.b, propensity: 0.002, attribution: { revision: 1 } }])
  expect(await labelsOf(notDrawn)).toEqual([])
})

test('what a person finds to be nobody’s is given back once, carries nothing of its call, and goes out again as a new revision alone', async () => {
  await decided(strangers)
  const { id: eventId } = strangers.envelope
  const nobodys = { eventId, nobodys: true, note: 'a stranger’s agent' }
  await expect(harness.attribution.reviewAttribution({ ...nobodys, companyId: companies.b })).rejects.toThrow('leave it empty')
  expect(await harness.attribution.reviewAttribution(nobodys)).toMatchObject({ corrected: true })
  const discarded = { $case: 'quarantined', value: { reason: QuarantineReason.NO_MATCH, discard: { note: nobodys.note } } }
  expect(await decided(revised(strangers, 2))).toMatchObject(discarded)
  expect(await decided(revised(strangers, 3))).toMatchObject(discarded)
  await eventuallyTold(strangers, [`${companies.a} has 1`, `${companies.a} gives back below 2`])
  expect(await waiting()).not.toContain(eventId)
  const sameCall = anEvent([], { source: { entityId: strangers.envelope.subject } })
  expect(await decided(sameCall)).toMatchObject(waitsFor(QuarantineReason.NO_MATCH))

  expect(await refusal(harness.attribution.reviewAttribution(nobodys))).toContain('nobody’s already')
  // Whoever gave it back would take the same revision for the one that he knows.
  expect(await refusal(harness.attribution.releaseEvent({ eventId, companyId: companies.a }))).toContain('audits correct')
  expect(await review(strangers, companies.a)).toMatchObject({ corrected: true })
  expect(await decided(revised(strangers, 4))).toMatchObject({
    $case: 'attributed',
    value: { companyId: companies.a, release: { reason: QuarantineReason.UNSPECIFIED } },
  })
  await eventuallyTold(strangers, [`${companies.a} has 1`, `${companies.a} gives back below 2`, `${companies.a} has 4`])
  // What was said later is no draw of its own: a fit takes the last word with the first one's chance.
  expect(await labelsOf(strangers)).toMatchObject([{ companyId: '', propensity: 0.002, attribution: { revision: 1 } }])
})
