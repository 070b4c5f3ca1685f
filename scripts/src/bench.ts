import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchIngress } from './bench/ingress/ingress.ts'
import * as ingressReport from './bench/ingress/report.ts'
import * as resolverReport from './bench/resolver/report.ts'
import { benchResolver } from './bench/resolver/resolver.ts'

const root = resolve(import.meta.dirname, '../..')

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const { name, json, ...options } = readOptions()
    const onStep = (step: string) => void process.stderr.write(`· ${step}\n`)
    const { table, object, isOk } = await measure(name, { root, ...options, onStep })
    process.stdout.write(`\n${table}\n`)
    if (json) process.stdout.write(`${object}\n`)
    return isOk ? 0 : 1
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof TypeError ? 2 : 1
  }
}

async function measure(name: string | undefined, options: Omit<ReturnType<typeof readOptions>, 'name' | 'json'> & Steps) {
  if (name === 'resolver') {
    const outcome = await benchResolver(options)
    return { table: resolverReport.tableOf(outcome), object: resolverReport.toJson(outcome), isOk: true }
  }
  const outcome = await benchIngress(options)
  return { table: ingressReport.tableOf(outcome), object: ingressReport.toJson(outcome), isOk: outcome.problems.length === 0 }
}

interface Steps {
  readonly root: string
  readonly onStep: (step: string) => void
}

function readOptions() {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: text, seconds: text, soak: text, events: text, json: { type: 'boolean', default: false } },
  })
  const [name] = positionals
  return {
    name,
    rounds: wholeNumber('rounds', values.rounds, 5),
    seconds: wholeNumber('seconds', values.seconds, name === 'resolver' ? 20 : 4),
    events: wholeNumber('events', values.events, 20_000),
    soakSeconds: wholeNumber('soak', values.soak, 120),
    json: values.json,
  }
}

/** @throws TypeError if it is none from 1 to 99,999. */
function wholeNumber(name: string, given: string | undefined, usual: number): number {
  if (given === undefined) return usual
  if (!/^[1-9]\d{0,4}$/.test(given)) throw new TypeError(`--${name} takes a whole number from 1 to 99999, not ${given}`)
  return Number(given)
}
