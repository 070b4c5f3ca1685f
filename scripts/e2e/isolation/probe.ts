import { PassThrough } from 'node:stream'
import { type CommandSyntax, runCli } from '@frontdesk/cli'
import { unknownLike } from '@frontdesk/rpc/testing'
import type { KnownCompany } from './company.ts'
import { type Line, linesOf, namesNothing, ofThePlatform } from './lines.ts'

/** Whose token the operator's tool has. */
export type Caller = 'company' | 'platform'

/** What a command line left on the terminal. */
export interface Said {
  readonly code: number
  readonly text: string
}

/** One argument of one command, given what is another company's and what does not exist. */
export interface Probe {
  /** Such as `company: branches show, branch`. */
  readonly what: string
  readonly foreign: Said
  readonly missing: Said
}

export interface Terminals {
  readonly syntax: ReadonlyMap<string, CommandSyntax>
  /** The addresses of a stack, and the caller's token. */
  readonly env: Readonly<Record<Caller, Readonly<Record<string, string>>>>
}

/** Runs a line as the caller. */
export async function run({ syntax, env }: Terminals, caller: Caller, line: Line): Promise<Said> {
  const shown: string[] = []
  const code = await runCli(argvOf(syntax, line), {
    env: env[caller],
    cwd: '/',
    out: (text) => void shown.push(text),
    err: (text) => void shown.push(`! ${text}`),
    pipes: { input: new PassThrough().end(), output: new PassThrough() },
    now: () => new Date(),
    interrupted: () => new AbortController().signal,
    ask: () => Promise.resolve(`whsec_${Buffer.alloc(32, line.command).toString('base64')}`),
  })
  return { code, text: shown.join('\n') }
}

function argvOf(syntax: Terminals['syntax'], { command, args: { _: further, ...args } }: Line): string[] {
  const known = syntax.get(command)
  if (!known) throw new Error(`there is no command ${command}`)
  const positional = Object.entries(known.args).flatMap(([name, type]) => (type === 'positional' ? [String(args[name])] : []))
  const options = Object.entries(args).flatMap(([name, value]) => {
    if (known.args[name] === 'positional') return []
    return value === true ? [`--${name}`] : [`--${name}`, value]
  })
  return [...command.split(' '), ...positional, ...(typeof further === 'string' ? [further] : []), ...options]
}

/**
 * Asks every command for another company's things: one argument after the other, and all together, with a token for one company; and one
 * argument after the other as the platform in one company's name.
 */
export async function probeCommands(terminals: Terminals, mine: KnownCompany, theirs: KnownCompany): Promise<Probe[]> {
  const probes: Probe[] = []
  const others = linesOf(theirs)
  const ask = async (caller: Caller, name: string, foreign: Line, missing: Line) =>
    void probes.push({
      what: `${caller}: ${foreign.command}, ${name}`,
      foreign: withoutNamed(await run(terminals, caller, foreign), foreign),
      missing: withoutNamed(await run(terminals, caller, missing), missing),
    })
  for (const [index, own] of linesOf(mine).entries()) {
    const other = others[index]
    if (other?.command !== own.command) throw new Error(`the lines of ${own.command} do not belong together`)
    const names = Object.entries(own.args).flatMap(([name, value]) => (other.args[name] !== value && !namesNothing.has(name) ? [name] : []))
    for (const name of names) {
      const value = String(other.args[name])
      const lines = [given(own, { [name]: value }), given(own, { [name]: unknownLike(value) })] as const
      await ask('company', name, ...lines)
      // The platform may act for every company: what it may not is reach one company's things in another's name.
      const isAnyones = name === 'company' || own.args['company'] === undefined || ofThePlatform.has(`${own.command} ${name}`)
      if (!isAnyones) await ask('platform', name, ...lines)
    }
    if (names.includes('company')) {
      const byName = [given(own, { company: theirs.name }), given(own, { company: unknownLike(theirs.name) })] as const
      await ask('company', 'company by its name', ...byName)
    }
    const nobodys = Object.fromEntries(names.map((name) => [name, unknownLike(String(other.args[name]))]))
    await ask('company', 'all of it', given(other, {}), given(other, nobodys))
  }
  return probes
}

function given(line: Line, args: Line['args']): Line {
  return { ...line, args: { ...line.args, ...args } }
}

/** What was said, but for what was named: a terminal may repeat what was typed. */
function withoutNamed({ code, text }: Said, { args }: Line): Said {
  const named = Object.entries(args).filter(([name, value]) => value !== true && !namesNothing.has(name))
  const longestFirst = named.toSorted(([, one], [, other]) => String(other).length - String(one).length)
  return { code, text: longestFirst.reduce((rest, [name, value]) => rest.replaceAll(String(value), `<${name}>`), text) }
}
