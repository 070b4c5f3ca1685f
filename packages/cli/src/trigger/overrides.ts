import type { JsonObject, JsonValue } from '@frontdesk/providers/samples'
import { UsageError } from '../errors.ts'

/** The values of an option that may be given several times; the parser of the other options keeps the last alone. */
export function everyValueOf(option: string, rawArgs: readonly string[]): string[] {
  return rawArgs.flatMap((arg, index) => {
    if (arg === option) return rawArgs[index + 1] ?? []
    return arg.startsWith(`${option}=`) ? arg.slice(option.length + 1) : []
  })
}

/**
 * The body with other values, each `path=value`: the path has dots between its members, and an index for a list; the
 * value is JSON, or else a text. An empty value takes the member away.
 * @throws UsageError if one is not of that form, or leads through what is no object.
 */
export function withOverrides(body: JsonObject, overrides: readonly string[]): JsonObject {
  const copy = structuredClone(body)
  for (const override of overrides) apply(copy, override)
  return copy
}

function apply(body: JsonObject, override: string): void {
  const [, path = '', text = ''] = /^([^=]+)=(.*)$/s.exec(override) ?? []
  const members = path.split('.')
  const last = members.pop() ?? ''
  if (path === '' || [...members, last].some((member) => member === '' || member === '__proto__')) {
    throw new UsageError(`--override takes path=value, such as call.to_number=+4930123456, not "${override}".`)
  }
  let parent: Record<string, JsonValue> = body
  for (const member of members) {
    const child = Object.hasOwn(parent, member) ? parent[member] : undefined
    if (child === undefined) parent = parent[member] = {}
    else if (typeof child === 'object' && child !== null) parent = child as Record<string, JsonValue>
    else throw new UsageError(`--override ${path}: there is no object at "${member}".`)
  }
  if (text === '') delete parent[last]
  else parent[last] = valueOf(text)
}

/** Phone numbers and long ids are texts: of what JavaScript would write otherwise as a number, nothing may be lost. */
function valueOf(text: string): JsonValue {
  try {
    const value = JSON.parse(text) as JsonValue
    return typeof value === 'number' && String(value) !== text ? text : value
  } catch {
    return text
  }
}
