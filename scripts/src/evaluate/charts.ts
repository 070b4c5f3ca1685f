import type { Bin, CurvePoint } from './measures.ts'

const size = 480
const margin = 56
const inner = size - 2 * margin

/** How often a probability came true, by what it was: on the diagonal it is what it says. */
export function reliabilityChart(bins: readonly Bin[]): string {
  const x = (share: number) => margin + inner * share
  const y = (share: number) => size - margin - inner * share
  const marks = bins.map(({ meanProbability, rightShare, interval: [low, high], events }) => {
    const at = x(meanProbability).toFixed(1)
    return (
      `<line x1="${at}" x2="${at}" y1="${y(low).toFixed(1)}" y2="${y(high).toFixed(1)}" stroke="#7a8ba8"/>` +
      `<circle cx="${at}" cy="${y(rightShare).toFixed(1)}" r="4" fill="#1f4e9c"><title>${events} events</title></circle>`
    )
  })
  const diagonal = `<line x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}" stroke="#bbb" stroke-dasharray="4 4"/>`
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => tickX(x(share), String(share)) + tickY(y(share), String(share)))
  return chart('Right as often as it says?', 'probability, calibrated', 'share that was right, with 95%', [diagonal, ...ticks, ...marks])
}

/** How often attributions are wrong, by how many are made; the scale of the risk is logarithmic. */
export function riskCoverageChart(
  curve: readonly CurvePoint[],
  others: readonly { name: string; coverage: number; risk: number }[],
): string {
  const decades = 5
  const x = (coverage: number) => margin + inner * Math.min(1, Math.max(0, (coverage - 0.8) / 0.2))
  const y = (risk: number) => margin + (inner * Math.min(decades, Math.max(0, -Math.log10(Math.max(risk, 10 ** -decades))))) / decades
  const shown = curve.filter(({ coverage }) => coverage >= 0.8)
  const points = shown.map(({ coverage, risk }) => `${x(coverage).toFixed(1)},${y(risk).toFixed(1)}`).join(' ')
  const ticks = [
    ...[0.8, 0.85, 0.9, 0.95, 1].map((coverage) => tickX(x(coverage), `${Math.round(100 * coverage)}%`)),
    ...Array.from({ length: decades + 1 }, (_, decade) => tickY(y(10 ** -decade), decade === decades ? '≤ 10⁻⁵' : String(10 ** -decade))),
  ]
  const marks = others.map(
    ({ name, coverage, risk }) =>
      `<circle cx="${x(coverage).toFixed(1)}" cy="${y(risk).toFixed(1)}" r="4" fill="#b3402a"/>` +
      `<text x="${(x(coverage) - 8).toFixed(1)}" y="${(y(risk) + 4).toFixed(1)}" text-anchor="end">${name}</text>`,
  )
  const line = `<polyline points="${points}" fill="none" stroke="#1f4e9c" stroke-width="2"/>`
  return chart('What coverage costs', 'coverage of the events that have a company', 'wrong among the attributed', [
    ...ticks,
    line,
    ...marks,
  ])
}

function tickX(at: number, text: string): string {
  return `<text x="${at.toFixed(1)}" y="${size - margin + 18}" text-anchor="middle">${text}</text>`
}

function tickY(at: number, text: string): string {
  return `<text x="${margin - 6}" y="${(at + 4).toFixed(1)}" text-anchor="end">${text}</text>`
}

function chart(title: string, xLabel: string, yLabel: string, content: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" font-family="sans-serif" font-size="11">`,
    `<rect width="${size}" height="${size}" fill="#fff"/>`,
    `<text x="${size / 2}" y="28" text-anchor="middle" font-size="15">${title}</text>`,
    `<rect x="${margin}" y="${margin}" width="${inner}" height="${inner}" fill="none" stroke="#ccc"/>`,
    ...content,
    `<text x="${size / 2}" y="${size - 14}" text-anchor="middle">${xLabel}</text>`,
    `<text transform="translate(14 ${size / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>`,
    '</svg>',
    '',
  ].join('\n')
}
