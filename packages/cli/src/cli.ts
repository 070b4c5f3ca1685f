import { stripVTControlCharacters } from 'node:util'
import { FrontdeskError } from '@frontdesk/errors'
import { type CommandSyntax, groupUsage, type Group, type Leaf, syntaxOf } from './command.ts'
import { attributions } from './commands/attributions.ts'
import { audit } from './commands/audit.ts'
import { audits } from './commands/audits.ts'
import { branches } from './commands/branches.ts'
import { companies } from './commands/companies.ts'
import { connections } from './commands/connections.ts'
import { credentials } from './commands/credentials.ts'
import { deadLetters } from './commands/dead-letters.ts'
import { doctor } from './commands/doctor.ts'
import { events } from './commands/events.ts'
import { listen } from './commands/listen.ts'
import { keys } from './commands/keys.ts'
import { login, logout } from './commands/login.ts'
import { mcp } from './commands/mcp.ts'
import { models } from './commands/models.ts'
import { phoneNumbers } from './commands/phone-numbers.ts'
import { quarantine } from './commands/quarantine.ts'
import { reattribute } from './commands/reattribute.ts'
import { replays } from './commands/replays.ts'
import { signals } from './commands/signals.ts'
import { signingKeys } from './commands/signing-keys.ts'
import { streams } from './commands/streams.ts'
import { tail } from './commands/tail.ts'
import { token } from './commands/token.ts'
import { trigger } from './commands/trigger.ts'
import { users } from './commands/users.ts'
import type { CliContext } from './context.ts'
import { CommandError, UsageError } from './errors.ts'
import { printable } from './format.ts'

/** Runs one command line, and returns its exit code: 0 done, 1 failed, 2 wrongly called. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const found = find(rootOf(context), argv)
  const usage = () => ('run' in found.command ? found.command.usage(found.path) : groupUsage(found.command, found.path))
  try {
    if (found.rest.some((arg) => arg === '--help' || arg === '-h')) {
      context.out(await usage())
      return 0
    }
    if (!('run' in found.command)) throw new UsageError(whatIsMissing(found.command, found.rest[0]))
    await found.command.run(found.rest)
    return 0
  } catch (error) {
    if (isUsageError(error)) {
      context.err(`error: ${stripVTControlCharacters(error.message)}`)
      context.err(await usage())
      return 2
    }
    for (const line of explain(error)) context.err(printable(line))
    return 1
  }
}

/** Every command that there is. */
export function listCommands(context: CliContext): CommandSyntax[] {
  return syntaxOf(rootOf(context))
}

function rootOf(context: CliContext): Group {
  return {
    description:
      'The operator’s tool of Frontdesk. Addresses and the token come from flags, the environment, a login, or .frontdesk/dev.json.',
    commands: {
      doctor: doctor(context),
      trigger: trigger(context),
      tail: tail(context),
      listen: listen(context),
      streams: streams(context),
      deadletters: deadLetters(context),
      events: events(context),
      replays: replays(context),
      attributions: attributions(context),
      quarantine: quarantine(context),
      companies: companies(context),
      branches: branches(context),
      'phone-numbers': phoneNumbers(context),
      audits: audits(context),
      reattribute: reattribute(context),
      models: models(context),
      connections: connections(context),
      signals: signals(context),
      audit: audit(context),
      login: login(context),
      logout: logout(context),
      users: users(context),
      credentials: credentials(context),
      mcp: mcp(context),
      keys: keys(context),
      'signing-keys': signingKeys(context),
      token: token(context),
    },
  }
}

interface Found {
  readonly command: Group | Leaf
  readonly path: string
  readonly rest: string[]
}

function find(root: Group, argv: readonly string[]): Found {
  let found: Found = { command: root, path: 'frontdesk', rest: [...argv] }
  while (!('run' in found.command)) {
    const [name = '', ...rest] = found.rest
    if (!Object.hasOwn(found.command.commands, name)) return found
    const command: Group | Leaf | undefined = found.command.commands[name]
    if (!command) return found
    found = { command, path: `${found.path} ${name}`, rest }
  }
  return found
}

function whatIsMissing(group: Group, name: string | undefined): string {
  const known = Object.keys(group.commands).join(', ')
  return name === undefined ? `Which command? One of ${known}.` : `Unknown command "${name}". One of ${known}.`
}

function isUsageError(error: unknown): error is Error {
  // citty does not export its error.
  return error instanceof UsageError || (error instanceof Error && error.name === 'CLIError')
}

function explain(error: unknown): string[] {
  if (error instanceof CommandError) return [`error: ${error.message}`, ...(error.hint ? [`hint:  ${error.hint}`] : [])]
  if (error instanceof FrontdeskError) return [`error: ${error.message} [${error.code}]`]
  return [`error: ${error instanceof Error ? error.message : String(error)}`]
}
