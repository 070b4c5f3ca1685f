import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { listCommands } from '@frontdesk/cli'
import { vouchForCompanyId } from '@frontdesk/contracts'
import { createTokenIssuer, readPrivateJwk } from '@frontdesk/rpc'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { expect, test } from 'vitest'
import { type DemoCompany, serviceNames } from '../src/stack/manifest.ts'
import { complete } from './isolation/company.ts'
import { decidedElsewhere, type Line, linesOf, namesNothing } from './isolation/lines.ts'
import { probeCommands, run, type Terminals } from './isolation/probe.ts'
import { startPrivateStack } from './private-stack.ts'

const nothing = new PassThrough()
const commands = listCommands({
  env: {},
  cwd: '/',
  out: () => undefined,
  err: () => undefined,
  pipes: { input: nothing, output: nothing },
  now: () => new Date(),
  interrupted: () => new AbortController().signal,
  ask: () => Promise.resolve(''),
})
const syntax = new Map(commands.map((each) => [each.command, each]))

const refused = /\[(?:permission_denied|not_found)\]/

/** Commands that end otherwise than well, though all that they name is there. */
const endsOtherwise: Readonly<Record<string, number>> = {
  // There is none.
  'deadletters show': 1,
  'deadletters redrive': 1,
  // It is done.
  'replays cancel': 1,
  // To the company that has it.
  'phone-numbers port': 1,
}

test('the operator’s tool shows a company’s token nothing of another company’s, and what is another’s as what does not exist', async () => {
  await using stack = await startPrivateStack()
  await using telemetry = createTestTelemetry()
  const { manifest, directory } = stack
  const [mine, theirs] = (await Promise.all(manifest.companies.map((company: DemoCompany) => complete(manifest, company, telemetry)))) as [
    Awaited<ReturnType<typeof complete>>,
    Awaited<ReturnType<typeof complete>>,
  ]
  const privateJwk = await readPrivateJwk(join(directory, 'keys', 'operator.jwk.json'))
  const companies = [vouchForCompanyId(mine.companyId)]
  const token = await createTokenIssuer({ privateJwk, caller: 'operator' }).issue({
    audience: [...serviceNames],
    companies,
    ttlMs: 600_000,
  })
  const addresses = Object.fromEntries(
    Object.entries(manifest.rpc).map(([name, address]) => [`FRONTDESK_${name.toUpperCase().replace('-', '_')}_ADDRESS`, address]),
  )
  const shared = { ...addresses, NATS_URL: manifest.nats.url, FRONTDESK_INGRESS_URL: manifest.ingress.url }
  const terminals: Terminals = {
    syntax,
    env: { company: { ...shared, FRONTDESK_TOKEN: token }, platform: { ...shared, FRONTDESK_TOKEN: manifest.operatorToken } },
  }
  const lines = linesOf(mine)
  requireAllCommands(lines)
  const marks = Object.values(theirs).flat()

  for (const line of lines) {
    const { text } = await run(terminals, 'company', line)
    for (const mark of marks) expect(text, line.command).not.toContain(mark)
  }
  const probes = await probeCommands(terminals, mine, theirs)
  process.stdout.write(`${lines.length} lines of ${syntax.size} commands, ${probes.length} probes\n`)
  for (const { what, foreign, missing } of probes) {
    expect([what, foreign]).toEqual([what, missing])
    // A list that is narrowed by what is not there is empty; what is wrongly written would prove nothing.
    if (foreign.code !== 0) expect([what, foreign.code, foreign.text]).toEqual([what, 1, expect.stringMatching(refused)])
    for (const mark of marks) expect(foreign.text, what).not.toContain(mark)
  }
  // What is never answered proves nothing.
  const ends: [string, number, string][] = []
  for (const line of lines) {
    const { code, text } = await run(terminals, 'platform', line)
    if (code !== (endsOtherwise[line.command] ?? 0)) ends.push([line.command, code, text])
  }
  expect(ends).toEqual([])
}, 120_000)

/** @throws AssertionError for a command, or an argument of one, that nobody has thought of. */
function requireAllCommands(lines: readonly Line[]): void {
  const probed = new Set(lines.map(({ command }) => command))
  expect([...probed, ...Object.keys(decidedElsewhere)].toSorted()).toEqual([...syntax.keys()].toSorted())
  const left = [...probed].flatMap((command) => {
    const given = new Set(lines.filter((line) => line.command === command).flatMap(({ args }) => Object.keys(args)))
    const { args = {}, more = false } = syntax.get(command) ?? {}
    const names = Object.keys(args).filter((name) => args[name] !== 'boolean' && !namesNothing.has(name))
    return [...names, ...(more ? ['_'] : [])].flatMap((name) => (given.has(name) ? [] : [`${command} ${name}`]))
  })
  expect(left).toEqual([])
}
