import { styleText } from 'node:util'
import type { Manifest } from '../stack/manifest.ts'
import type { DemonstratedEvent } from './demonstration.ts'

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

const widths = [34, 16, 10, 56, 9] as const

function row(cells: readonly string[]): string {
  return cells
    .map((cell, index) => (index === widths.length - 1 ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0)))
    .join(' ')
}

export function printHeading(): void {
  printLine(`\n${styleText('bold', row(['event', 'company', 'confidence', 'effect', 'ms']))}`)
}

export function printEvent({ name, company, confidence, effect, millis, error }: DemonstratedEvent): void {
  const line = row([name, company ?? '–', confidence === null ? '–' : confidence.toFixed(4), effect, millis.toFixed(1)])
  printLine(error === undefined ? line : `${styleText('red', line)}\n  ${styleText('red', error)}`)
}

/** Where everything is, and what to try. */
export function printStack({ ingress, nats, mysql, rpc, companies }: Manifest): void {
  printLine(
    `\n${styleText('bold', 'Frontdesk runs.')} Everything that programs need to know is in .frontdesk/dev.json; logs are in .frontdesk/logs.\n`,
  )
  const places = [
    ['webhooks', `${ingress.url}/v1/webhooks/…`],
    ['NATS', nats.url],
    ['MySQL', mysql.url],
    ...Object.entries(rpc).map(([name, address]) => [`${name} RPC`, address]),
    ...companies.map(({ name, id }) => [name, id]),
  ]
  for (const [what = '', where = ''] of places) printLine(`  ${what.padEnd(24)} ${where}`)
  printLine('\nctrl-c stops it.\n')
}
