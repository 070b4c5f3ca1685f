import { parse } from 'qs'
import { z } from 'zod'
import { invalidFields, invalidRequest, missingParameter } from './errors.ts'

// Parameters as Stripe reads them: a form or a query of texts, nested by brackets.

const limits = { depth: 8, arrayLimit: 100, parameterLimit: 1_000 } as const

/** The members of a form or a query; `a[b][0]=c` nests. */
export function decodeForm(text: string): Record<string, unknown> {
  return parse(text, limits)
}

export const integer = () =>
  z
    .string()
    .regex(/^-?\d{1,15}$/, 'must be an integer')
    .transform(Number)
export const boolean = () => z.enum(['true', 'false']).transform((text) => text === 'true')
/** An empty text takes a value away. */
export const metadata = () => z.union([z.literal(''), z.record(z.string().max(40), z.string().max(500))]).optional()
export const text = () => z.string().max(5_000)

/** The parameters, of those types and no others. @throws ProviderError in Stripe's words. */
export function readParameters<S extends z.ZodObject>(schema: S, parameters: Record<string, unknown>): z.output<S> {
  const result = schema.safeParse(parameters)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (!issue) throw invalidRequest({ message: 'Invalid request.' })
  const param = nameOf(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const unknown = nameOf([...issue.path, issue.keys[0] ?? ''])
    throw invalidRequest({ code: 'parameter_unknown', message: `Received unknown parameter: ${unknown}`, param: unknown })
  }
  if (valueAt(parameters, issue.path) === undefined) throw missingParameter(param)
  throw invalidRequest({ message: `Invalid ${param}: ${issue.message}`, param })
}

/** The JSON of v2, of that type. @throws ProviderError that names the first field that does not fit. */
export function readJson<S extends z.ZodObject>(schema: S, text: string): z.output<S> {
  const result = schema.safeParse(parsedJson(text))
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') throw invalidFields(`Unknown field: ${z.core.toDotPath([...issue.path, issue.keys[0] ?? ''])}`)
  throw invalidFields(issue ? `Invalid ${z.core.toDotPath(issue.path) || 'request'}: ${issue.message}` : 'Invalid request.')
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text || '{}')
  } catch {
    throw invalidFields('The request body is not valid JSON.')
  }
}

/** `items[0][price]` */
function nameOf([first, ...rest]: readonly PropertyKey[]): string {
  return String(first ?? '') + rest.map((key) => `[${String(key)}]`).join('')
}

function valueAt(parameters: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], parameters)
}
