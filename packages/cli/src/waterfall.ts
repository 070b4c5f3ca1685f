import { type Attribution, type CompanyCandidate, QuarantineReason, type WeighedEvidence } from '@frontdesk/contracts'
import { enumName, fields, instant, probability, table } from './format.ts'

/** Companies beyond these are left out of the columns. */
const columnsMax = 4

/** An attribution for people: the decision, then each piece of evidence with its weight and what it made of every candidate. */
export function waterfall(attribution: Attribution): string {
  const { source, candidates, nonePosterior } = attribution
  const companies = candidates.slice(0, columnsMax).map(({ companyId }) => companyId)
  const labels = companies.map((_, index) => `[${index + 1}]`)
  const evidence = attribution.waterfall.map((piece) => [
    ...describe(piece, companies),
    ...companies.map((id) => posterior(piece.running, id)),
    none(piece.running),
  ])
  const sections = [
    fields({
      Event: attribution.eventId,
      Revision: String(attribution.revision),
      Type: attribution.eventType,
      Source: source && `${source.provider} ${source.providerEventType}, ${source.entityType} ${source.entityId}`,
      Delivery: source?.deliveryId,
      'As of': instant(attribution.asOf),
      Decided: instant(attribution.decidedAt),
      Versions: `model ${attribution.modelVersion}, directory ${attribution.directoryVersion}`,
      Decision: decision(attribution.decision),
      Rule: attribution.rule?.summary,
    }),
    evidence.length === 0 ? 'There was no evidence.' : table(['EVIDENCE', 'VALUE', 'WEIGHT', 'SPEAKS FOR', ...labels, 'NONE'], evidence),
    table(
      ['', 'CANDIDATE', 'POSTERIOR'],
      [
        ...candidates.map((candidate, index) => [labels[index] ?? '', candidate.companyId, probability(candidate.posterior)]),
        ['', 'none of ours', probability(nonePosterior)],
      ],
    ),
  ]
  return sections.join('\n\n')
}

function describe({ evidence, weight, companyIds }: WeighedEvidence, columns: readonly string[]): string[] {
  const speaksFor = companyIds.map((id) => (columns.includes(id) ? `[${columns.indexOf(id) + 1}]` : id)).join(' ')
  return [
    evidence ? enumName(evidence.kind, 'EVIDENCE_KIND_') : '',
    evidence?.value ?? '',
    `${weight < 0 ? '' : '+'}${weight.toFixed(2)}`,
    speaksFor || 'nobody we know',
  ]
}

function decision(made: Attribution['decision']): string {
  if (!made) return 'none'
  if (made.$case === 'attributed') {
    const { companyId, confidence, release } = made.value
    if (!release) return `attributed to ${companyId}, confidence ${probability(confidence)}`
    const { releasedBy, releasedAt, reason } = release
    const person = `by ${releasedBy} at ${instant(releasedAt)}`
    if (reason === QuarantineReason.UNSPECIFIED) return `given to ${companyId} ${person}`
    return `released to ${companyId} ${person}; it had waited as ${enumName(reason, 'QUARANTINE_REASON_')}`
  }
  const { discard } = made.value
  if (discard) {
    const note = discard.note && `: ${discard.note}`
    return `discarded by ${discard.discardedBy} at ${instant(discard.discardedAt)}${note}`
  }
  const details = made.value.details.length === 0 ? '' : `: ${made.value.details.join('; ')}`
  return `quarantined, ${enumName(made.value.reason, 'QUARANTINE_REASON_')}${details}`
}

function posterior(running: readonly CompanyCandidate[], companyId: string): string {
  const candidate = running.find((one) => one.companyId === companyId)
  return candidate ? probability(candidate.posterior) : '-'
}

/** Where "no company of ours" stood: the rest. */
function none(running: readonly CompanyCandidate[]): string {
  return probability(Math.max(0, 1 - running.reduce((sum, candidate) => sum + candidate.posterior, 0)))
}
