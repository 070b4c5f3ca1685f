import { styleText } from 'node:util'
import type { ResolverOutcome } from './resolver.ts'

/** The outcome for a person. */
export function tableOf({ ratio, eventsPerSecond, addedP50Ms, addedP99Ms, rounds }: ResolverOutcome): string {
  const line = (cells: readonly string[]) => cells.map((cell) => cell.padStart(12)).join('')
  return [
    styleText('bold', line(['round', 'ours/s', 'bare/s', 'ratio'])),
    ...rounds.map(({ ours, bare }, index) => line([String(index + 1), ours.toFixed(0), bare.toFixed(0), (ours / bare).toFixed(2)])),
    '',
    `median: ${eventsPerSecond.toFixed(0)} events/s, ${ratio.toFixed(2)} of the bare loop`,
    `at 500 events/s an event comes out ${addedP50Ms.toFixed(1)} ms later (p50), ${addedP99Ms.toFixed(1)} ms (p99)`,
  ].join('\n')
}

/** The outcome for a program. */
export function toJson({ ratio, eventsPerSecond, addedP99Ms, rounds }: ResolverOutcome): string {
  return JSON.stringify({ ratio, eventsPerSecond, addedP99Ms, rounds }, (_key, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value,
  )
}
