import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { benchIngress } from './bench/ingress/ingress.ts'
import { tableOf, toJson } from './bench/ingress/report.ts'

const root = resolve(import.meta.dirname, '../..')

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const options = readOptions()
    const onStep = (step: string) => void process.stderr.write(`· ${step}\n`)
    const outcome = await benchIngress({ root, ...options, onStep })
    process.stdout.write(`\n${tableOf(outcome)}\n`)
    if (options.json) process.stdout.write(`${toJson(outcome)}\n`)
    return outcome.problems.length === 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof TypeError ? 2 : 1
  }
}

function readOptions() {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    allowPositionals: true,
    options: { rounds: text, seconds: text, soak: text, json: { type: 'boolean', default: false } },
  })
  return {
    rounds: wholeNumber('rounds', values.rounds, 5),
    seconds: wholeNumber('seconds', values.seconds, 4),
    soakSeconds: wholeNumber('soak', values.soak, 120),
    json: values.json,
  }
}

/** @throws TypeError if it is none from 1 to 3,600. */
function wholeNumber(name: string, given: string | undefined, usual: number): number {
  if (given === undefined) return usual
  if (!/^[1-9]\d{0,3}$/.test(given) || Number(given) > 3_600)
    throw new TypeError(`--${name} takes a whole number from 1 to 3600, not ${given}`)
  return Number(given)
}
