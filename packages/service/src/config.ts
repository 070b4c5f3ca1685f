import type { z } from 'zod'

/** A configuration that can't be used, with one line for each problem and no value of any variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(['The configuration has problems:', ...problems.map((problem) => `  ${problem}`)].join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the schema's variables from the environment, where an empty one counts as not set.
 * @throws ConfigError with every problem at once.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv): Readonly<z.output<S>> {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const result = schema.safeParse(set)
  if (!result.success) throw new ConfigError(result.error.issues.map((issue) => problemOf(issue, set)))
  return freezeDeep(result.data)
}

function problemOf(issue: z.core.$ZodIssue, env: Record<string, string | undefined>): string {
  const name = String(issue.path[0] ?? '')
  const value = env[name]
  if (value === undefined) return name === '' ? issue.message : `${name}: is not set`
  // A schema's own message may quote what it was given, and that may be a secret.
  return `${name}: ${issue.message.replaceAll(value, '[redacted]')}`
}

/** Plain objects and arrays alone: a Buffer can't be frozen, and what has methods guards itself. */
function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  for (const member of Object.values(value)) freezeDeep(member)
  return Object.freeze(value)
}
