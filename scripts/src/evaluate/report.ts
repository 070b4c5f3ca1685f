import { styleText } from 'node:util'
import { contestants, type Evaluation } from './evaluate.ts'
import { wilson } from './measures.ts'

/** The outcome for a person. */
export function textOf(evaluation: Evaluation): string {
  const { world, seed, model, fits, labels, eceUncertain, eceNoise, uncertainEvents, brier } = evaluation
  return [
    styleText('bold', `the ${world} world, seed ${seed}`),
    '',
    ...ratesTable(evaluation),
    '',
    `${fits.made} models were fitted, ${fits.inForce} came into force; ${labels.all} labels, ${labels.audits} of them random audits. The last model: τ ${model.minConfidence.toFixed(5)}, δ ${model.minMargin.toFixed(5)}, ${Object.keys(model.doubts).length} values in doubt, ${Object.keys(model.calibration).length} cases calibrated`,
    `calibration error ${eceUncertain.toFixed(4)} over ${uncertainEvents} uncertain events (chance alone: ${eceNoise.toFixed(4)}), Brier score ${brier.toFixed(5)} over all that name somebody`,
    '',
    ...binsTable(evaluation),
    '',
    ...quarantineTable(evaluation),
    '',
    ...traitsTable(evaluation),
  ].join('\n')
}

/** The outcome for a program, in one line. */
export function toJson({ rates, eceUncertain, uncertainEvents, brier }: Evaluation): string {
  const { coverage, wrongRate, unknownAttributedRate } = rates.fitted
  const short = ({ coverage, wrongRate }: Evaluation['rates']['fitted']) => ({ coverage, wrongRate })
  return JSON.stringify(
    {
      coverage,
      wrongRate,
      unknownAttributedRate,
      eceUncertain,
      uncertainEvents,
      brier,
      firstMatch: short(rates['first match']),
      majority: short(rates.majority),
    },
    (_key, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value),
  )
}

function ratesTable({ rates }: Evaluation): string[] {
  const rows = contestants.map((name) => {
    const { coverage, wrong, wrongRate, attributed, unknownAttributedRate } = rates[name]
    const [, atMost] = wilson(wrong, attributed)
    return [
      name,
      percent(coverage, 2),
      String(wrong),
      perTenThousand(wrongRate),
      perTenThousand(atMost),
      perTenThousand(unknownAttributedRate),
    ]
  })
  return table(['who decides', 'coverage', 'wrong', 'in 10,000', 'at most', 'unknown attributed, in 10,000'], rows)
}

function binsTable({ bins }: Evaluation): string[] {
  const rows = bins.map(({ from, to, events, meanProbability, rightShare, interval: [low, high] }) => [
    `${from} – ${to}`,
    String(events),
    meanProbability.toFixed(3),
    rightShare.toFixed(3),
    `${low.toFixed(3)} – ${high.toFixed(3)}`,
  ])
  return table(['sure', 'events', 'mean', 'right', '95%'], rows)
}

function quarantineTable({ quarantine }: Evaluation): string[] {
  const rows = [...quarantine]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, { owned, unknown }]) => [reason, String(owned), String(unknown)])
  return table(['waits for a person', 'a company’s', 'nobody’s'], rows)
}

function traitsTable({ traits }: Evaluation): string[] {
  const rows = [...traits]
    .toSorted(([, a], [, b]) => b.events - a.events)
    .map(([trait, { events, wrong }]) => [trait, String(events), ...contestants.map((name) => String(wrong[name]))])
  return table(['given to a wrong company, of', 'events', ...contestants], rows)
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')
  return [styleText('dim', line(headings)), ...rows.map(line)]
}

function percent(share: number, digits: number): string {
  return `${(100 * share).toFixed(digits)}%`
}

function perTenThousand(share: number): string {
  return (10_000 * share).toFixed(2)
}
