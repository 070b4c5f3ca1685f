import type { Attribution, CompanyCandidate, WeighedEvidence } from '@frontdesk/contracts'
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
    }),
    evidence.length === 0 ? 'There was no evidence.' : table(['EVIDENCE', 'VALUE', 'WEIGHT', 'SPEAKS FOR', ...labels], evidence),
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
    return `released to ${companyId} by ${releasedBy} at ${instant(releasedAt)}; it had waited as ${enumName(reason, 'QUARANTINE_REASON_')}`
  }
  const details = made.value.details.length === 0 ? '' : `: ${made.value.details.join('; ')}`
  return `quarantined, ${enumName(made.value.reason, 'QUARANTINE_REASON_')}${details}`
}

function posterior(running: readonly CompanyCandidate[], companyId: string): string {
  const candidate = running.find((one) => one.companyId === companyId)
  return candidate ? probability(candidate.posterior) : '-'
}
