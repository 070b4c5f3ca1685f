import { styleText } from 'node:util'
import { median } from '../statistics.ts'
import { contestantNames } from './contestants.ts'
import { connectionCounts, type IngressOutcome } from './ingress.ts'
import type { Measurement } from './rounds.ts'

const headings = ['server', 'connections', 'requests/s', 'p50 ms', 'p99 ms', 'CPU', 'stores’ CPU', 'memory MiB', 'not 200']

/** The outcome for a person: medians of the rounds. */
export function tableOf({ ratios, measurements, soak, publishedAfterMs, syncMs, problems }: IngressOutcome): string {
  const rows = connectionCounts.flatMap((connections) =>
    contestantNames.map((name) => rowOf(measurements.filter((each) => each.name === name && each.connections === connections))),
  )
  const { measurement, residentMib } = soak
  const ratioText = Object.entries(ratios).map(([name, value]) => `ours/${name} ${value.toFixed(2)}`)
  return [
    styleText('bold', line(headings)),
    ...rows.map(line),
    '',
    `${ratioText.join('   ')}   (64 connections, median of the rounds’ ratios)`,
    `at half of ours: ${measurement.perSecond.toFixed(0)} requests/s, p50 ${measurement.p50Ms.toFixed(1)} ms, p99 ${measurement.p99Ms.toFixed(1)} ms, CPU ${measurement.serverCores.toFixed(2)}, memory ${residentMib.early.toFixed(0)} → ${residentMib.late.toFixed(0)} MiB`,
    `all was published ${publishedAfterMs.toFixed(0)} ms after the last answer, at most`,
    `to append and sync one message, as durable does with each, took this disk ${syncMs.toFixed(2)} ms before the rounds`,
    ...problems.map((problem) => styleText('red', `✗ ${problem}`)),
  ].join('\n')
}

/** The outcome for a program. */
export function toJson({ ratios, measurements, soak, publishedAfterMs, syncMs, problems }: IngressOutcome): string {
  return JSON.stringify(
    {
      ratios,
      p99HalfMs: soak.measurement.p99Ms,
      ok: problems.length === 0,
      problems,
      memoryHalfMib: soak.residentMib,
      publishedAfterMs,
      syncMs,
      rounds: measurements.map(({ name, connections, perSecond, p50Ms, p99Ms, serverCores, storeCores, residentMib }) => ({
        name,
        connections,
        perSecond,
        p50Ms,
        p99Ms,
        serverCores,
        storeCores,
        residentMib,
      })),
    },
    (_key, value: unknown) => (typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value),
  )
}

function rowOf(rounds: readonly Measurement[]): string[] {
  const middle = (of: (measurement: Measurement) => number, digits: number) => median(rounds.map(of)).toFixed(digits)
  const failed = rounds.reduce((sum, { failures }) => sum + Object.values(failures).reduce((total, times) => total + times, 0), 0)
  return [
    rounds[0]?.name ?? '',
    String(rounds[0]?.connections ?? ''),
    middle(({ perSecond }) => perSecond, 0),
    middle(({ p50Ms }) => p50Ms, 1),
    middle(({ p99Ms }) => p99Ms, 1),
    middle(({ serverCores }) => serverCores, 2),
    middle(({ storeCores }) => storeCores, 2),
    middle(({ residentMib }) => residentMib, 0),
    String(failed),
  ]
}

function line(cells: readonly string[]): string {
  return cells.map((cell, index) => (index === 0 ? cell.padEnd(8) : cell.padStart(12))).join('')
}
