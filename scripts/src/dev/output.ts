import { relative } from 'node:path'
import { styleText } from 'node:util'
import type { Manifest } from '../stack/manifest.ts'
import type { DemonstratedEvent } from './demonstration.ts'

// Whoever reads our output may leave before we end.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** For a person who waits; not among the results. */
export function printProgress(step: string): void {
  process.stderr.write(`· ${step}\n`)
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

export function printEvent({ name, company, confidence, effects, millis, error }: DemonstratedEvent): void {
  const [first = '', ...further] = effects
  const cells = [name, company ?? '–', confidence === null ? '–' : confidence.toFixed(4), first, millis.toFixed(1)]
  const line = [row(cells), ...further.map((effect) => row(['', '', '', effect, '']).trimEnd())].join('\n')
  printLine(error === undefined ? line : `${styleText('red', line)}\n  ${styleText('red', error)}`)
}

/** The last line of a demonstration. */
export function printResult(events: readonly DemonstratedEvent[], { ok, json }: { readonly ok: boolean; readonly json: boolean }): void {
  if (json) printLine(JSON.stringify({ ok, events: events.map(toJson) }))
  else printLine(ok ? `\nAll ${events.length} events did what they should.` : '\nNot every event did what it should.')
}

function toJson({ company: _shownInTheTable, effects, ...event }: DemonstratedEvent) {
  return { ...event, effect: effects.join('; ') }
}

/** Where everything is, and what to try. */
export function printStack({ ingress, mcp, sandbox, nats, mysql, rpc, companies }: Manifest, directory: string): void {
  const folder = relative(process.cwd(), directory)
  printLine(
    `\n${styleText('bold', 'Frontdesk runs.')} Everything that programs need to know is in ${folder}/dev.json; logs are in ${folder}/logs.\n`,
  )
  const places = [
    ['webhooks', `${ingress.url}/v1/webhooks/…`],
    ['MCP', mcp.url],
    ['provider-sandbox', sandbox.controlUrl],
    ['NATS', nats.url],
    ['MySQL', mysql.url],
    ...Object.entries(rpc).map(([name, address]) => [`${name} RPC`, address]),
    ...companies.map(({ name, id }) => [name, id]),
  ]
  for (const [what = '', where = ''] of places) printLine(`  ${what.padEnd(24)} ${where}`)
  printLine(`\n${process.stdin.isTTY ? 'Ctrl-C' : `SIGTERM to ${process.pid}`} stops it.\n`)
}
