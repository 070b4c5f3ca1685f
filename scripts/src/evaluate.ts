import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { reliabilityChart, riskCoverageChart } from './evaluate/charts.ts'
import { evaluateAttribution, type Evaluation } from './evaluate/evaluate.ts'
import { createProgress } from './evaluate/progress.ts'
import { textOf, toJson } from './evaluate/report.ts'
import { type Profile, profiles } from './evaluate/world/profile.ts'

const root = resolve(import.meta.dirname, '../..')

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const { seed, worlds, folder, json } = readOptions()
    const evaluations: Evaluation[] = []
    for (const profile of worlds) {
      // Each takes a processor for itself.
      const evaluation = await evaluateWorld(profile, seed)
      process.stdout.write(`${textOf(evaluation)}\n\n`)
      await writeCharts(join(folder, profile.name), evaluation)
      evaluations.push(evaluation)
    }
    process.stdout.write(`charts: ${worlds.map(({ name }) => join(folder, name)).join(', ')}\n`)
    const [chosen] = evaluations
    if (json && chosen) process.stdout.write(`${toJson(chosen)}\n`)
    return 0
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`)
    return error instanceof TypeError ? 2 : 1
  }
}

async function evaluateWorld(profile: Profile, seed: number): Promise<Evaluation> {
  using progress = createProgress(`the ${profile.name} world, seed ${seed}`)
  return await evaluateAttribution(profile, seed, progress.report)
}

async function writeCharts(folder: string, { bins, curve, rates }: Evaluation): Promise<void> {
  await mkdir(folder, { recursive: true })
  const routers = (['first match', 'majority'] as const).map((name) => ({
    name,
    coverage: rates[name].coverage,
    risk: rates[name].wrongRate,
  }))
  await writeFile(join(folder, 'reliability.svg'), reliabilityChart(bins))
  await writeFile(join(folder, 'risk-coverage.svg'), riskCoverageChart(curve, routers))
}

function readOptions() {
  const text = { type: 'string' } as const
  const { values } = parseArgs({
    allowPositionals: true,
    options: { seed: text, world: text, output: text, json: { type: 'boolean', default: false } },
  })
  const { seed = '1', world, output } = values
  if (!/^\d{1,9}$/.test(seed)) throw new TypeError(`--seed takes a whole number up to 999999999, not ${seed}`)
  const chosen = world === undefined ? [...profiles.values()] : [profiles.get(world)].filter((profile) => profile !== undefined)
  if (chosen.length === 0) throw new TypeError(`--world takes ${[...profiles.keys()].join(' or ')}, not ${world}`)
  return {
    seed: Number(seed),
    worlds: chosen,
    folder:
      output === undefined ? join(process.env['FRONTDESK_DIRECTORY'] ?? join(root, '.frontdesk'), 'evaluate/attribution') : resolve(output),
    json: values.json,
  }
}
