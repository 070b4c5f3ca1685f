import { stripVTControlCharacters } from 'node:util'
import { defineCommand, renderUsage, runCommand, type ArgsDef, type CommandContext, type CommandDef } from 'citty'
import { UsageError } from './errors.ts'

/** A command that does something. */
export interface Leaf {
  readonly description: string
  readonly args: ArgsDef
  /** Whether further arguments may follow those that have names. */
  readonly more: boolean
  usage(path: string): Promise<string>
  run(rawArgs: string[]): Promise<void>
}

/** Commands under one name. */
export interface Group {
  readonly description: string
  readonly commands: Readonly<Record<string, Group | Leaf>>
}

/** Defines a command; it refuses flags and arguments that it does not know. Of a last argument that is repeated, `_` holds all. */
export function leaf<const Args extends ArgsDef>(
  description: string,
  args: Args,
  run: (context: CommandContext<Args>) => Promise<void>,
  /** Whether arguments may follow those that have names: `args._` has all of them. */
  { more = false }: { more?: boolean } = {},
): Leaf {
  const command = (name?: string): CommandDef<Args> =>
    defineCommand({
      meta: { ...(name === undefined ? {} : { name }), description },
      args,
      setup: ({ args: given }) => check(args, given, more),
      run,
    })
  return {
    description,
    args,
    more,
    usage: async (path) => stripVTControlCharacters(await renderUsage(command(path))),
    async run(rawArgs) {
      await runCommand(command(), { rawArgs })
    },
  }
}

/** How a command is written: its words, then what each of its arguments takes. */
export interface CommandSyntax {
  readonly command: string
  readonly args: Readonly<Record<string, 'boolean' | 'string' | 'enum' | 'positional'>>
  /** Whether further arguments may follow those that have names. */
  readonly more: boolean
}

/** Every command of a group, those of its groups among them. */
export function syntaxOf({ commands }: Group): CommandSyntax[] {
  return Object.entries(commands).flatMap(([name, command]): CommandSyntax[] => {
    if (!('run' in command)) return syntaxOf(command).map((below) => ({ ...below, command: `${name} ${below.command}` }))
    const args = Object.entries(command.args).map(([arg, { type }]) => [arg, type ?? 'string'] as const)
    return [{ command: name, args: Object.fromEntries(args), more: command.more }]
  })
}

/** What a group says of itself and its commands. */
export async function groupUsage(group: Group, path: string): Promise<string> {
  const subCommands = Object.fromEntries(
    Object.entries(group.commands).map(([name, { description }]) => [name, defineCommand({ meta: { description } })]),
  )
  return stripVTControlCharacters(await renderUsage(defineCommand({ meta: { name: path, description: group.description }, subCommands })))
}

/** citty lets through what it does not know, so that a misspelt flag would go unnoticed, and requires no enum. */
function check(known: ArgsDef, given: Readonly<Record<string, unknown>> & { readonly _: readonly string[] }, more: boolean): void {
  const names = Object.entries(known)
  const flags = new Set(names.filter(([, { type }]) => type !== 'positional').flatMap(([name]) => [name, camelCase(name)]))
  const positionals = names.filter(([, { type }]) => type === 'positional')
  for (const [flag, value] of Object.entries(given)) {
    if (flag === '_' || positionals.some(([name]) => name === flag)) continue
    if (!flags.has(flag)) throw new UsageError(`Unknown option --${flag}.`)
    if (value === '') throw new UsageError(`Option --${flag} needs a value.`)
  }
  const missing = names.find(([name, { required }]) => required === true && given[name] === undefined)
  if (missing) throw new UsageError(`Option --${missing[0]} is missing.`)
  const surplus = given._[positionals.length]
  if (surplus !== undefined && !more) throw new UsageError(`Unexpected argument "${surplus}".`)
}

function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
}
