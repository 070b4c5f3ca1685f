import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { McpServer } from '@modelcontextprotocol/server'
import { expect, test } from 'vitest'
import { withConformanceTools } from './conformance-tools.ts'
import { newCompany, startHarness } from './harness.ts'
import { startTokenProxy } from './with-token.ts'

const require = createRequire(import.meta.url)
const suite = join(dirname(require.resolve('@modelcontextprotocol/conformance/package.json')), 'dist/index.js')

/** What our server offers, by the revision that it is asked in. */
const asItIs = {
  '2025-11-25': ['server-initialize', 'ping', 'tools-list', 'dns-rebinding-protection'],
  '2026-07-28': ['tools-list', 'server-sse-multiple-streams', 'dns-rebinding-protection', 'http-header-validation'],
}
/** What needs tools of the suite's own names. */
const callingTools = [
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-error',
  'tools-call-with-progress',
]
const withTools = { '2025-11-25': callingTools, '2026-07-28': [...callingTools, 'server-stateless'] }

interface Outcome {
  readonly name: string
  readonly failures: readonly string[]
  readonly passed: number
}

/** Runs scenarios against a server of ours, one after the other, as the suite itself does. */
async function run(scenarios: Record<string, readonly string[]>, extend?: (server: McpServer) => McpServer): Promise<Outcome[]> {
  await using starting = new AsyncDisposableStack()
  const harness = starting.use(await startHarness(extend && { extend }))
  const company = newCompany()
  const proxy = starting.use(await startTokenProxy(harness.url, () => harness.tokenFor([company])))
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-mcp-'))
  starting.defer(() => rm(directory, { recursive: true }))
  const runs = Object.entries(scenarios).flatMap(([revision, names]) => names.map((scenario) => ({ revision, scenario })))
  const outcomes: Outcome[] = []
  for (const { revision, scenario } of runs) {
    const name = `${revision} ${scenario}`
    const results = join(directory, revision, scenario)
    const args = ['server', '--url', proxy.url, '--scenario', scenario, '--spec-version', revision, '-o', results]
    await new Promise((resolve) => execFile(process.execPath, [suite, ...args], resolve))
    const checks = await readChecks(results)
    outcomes.push({
      name,
      failures: checks.flatMap(({ id, status, errorMessage = '' }) => (status === 'FAILURE' ? [`${id}: ${errorMessage}`] : [])),
      passed: checks.filter(({ status }) => status === 'SUCCESS').length,
    })
  }
  return outcomes
}

interface Check {
  readonly id: string
  readonly status: string
  readonly errorMessage?: string
}

async function readChecks(results: string): Promise<Check[]> {
  const [folder] = await readdir(results)
  return JSON.parse(await readFile(join(results, folder ?? '', 'checks.json'), 'utf8')) as Check[]
}

function expectAllPassed(outcomes: readonly Outcome[]): void {
  expect(outcomes.filter(({ failures, passed }) => failures.length > 0 || passed === 0)).toEqual([])
}

test('the scenarios of what our server offers pass in both revisions', async () => {
  expectAllPassed(await run(asItIs))
}, 120_000)

test('the scenarios that need tools of fixed names pass behind the same routes', async () => {
  expectAllPassed(await run(withTools, withConformanceTools))
}, 120_000)

test('a scenario of what we do not offer fails, so that passing means something', async () => {
  const [outcome] = await run({ '2026-07-28': ['prompts-list'] })
  expect(outcome?.failures).toHaveLength(1)
}, 60_000)
