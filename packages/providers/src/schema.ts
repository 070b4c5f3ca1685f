import { z } from 'zod'
import { cleanText, copyJson, type JsonObject, jsonTypeOf, memberOf } from './json.ts'

const lastInstantMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const violationsMax = 20

/** A provider's id: it goes into keys and headers, so it is held to visible ASCII. */
export const identifier = z.string().regex(/^[\x21-\x7e]{1,128}$/, 'expected 1 to 128 visible ASCII characters')

/** A provider's name for a kind of event. */
export const kindName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'expected a name of up to 64 letters, digits, or _ . -')

/** A text for people, held to so many bytes of UTF-8, which is what stores count; it comes out as one that every store takes. */
export function text(bytesMax: number) {
  return z.string().transform((raw, context) => {
    if (Buffer.byteLength(raw) <= bytesMax) return cleanText(raw)
    context.addIssue({ code: 'custom', message: `expected at most ${bytesMax} bytes` })
    return z.NEVER
  })
}

/** A text that is at most so long in lower case, too, in which it is looked for: that can take more bytes. */
export function caselessText(bytesMax: number) {
  return text(bytesMax).refine((clean) => Buffer.byteLength(clean.toLowerCase()) <= bytesMax, `expected at most ${bytesMax} bytes`)
}

/** Milliseconds since 1970, up to the year 9999, beyond which RFC 3339 can't write it. */
export const epochMs = z
  .int()
  .min(0)
  .max(lastInstantMs)
  .transform((ms) => new Date(ms))

/** Seconds since 1970, up to the year 9999. */
export const epochSeconds = z
  .int()
  .min(0)
  .max(Math.floor(lastInstantMs / 1_000))
  .transform((seconds) => new Date(seconds * 1_000))

/** An RFC 3339 time with its offset, from 1970 to 9999. */
export const instant = z.iso
  .datetime({ offset: true, error: 'expected an RFC 3339 time with its offset' })
  .transform((iso) => new Date(iso))
  .refine((date) => date.getTime() >= 0 && date.getTime() <= lastInstantMs, 'expected a time between 1970 and 9999')

export const uint32 = z.int().min(0).max(0xffff_ffff)

/** An object of any members, nested up to 16 deep. */
export const anyObject = z.unknown().transform((value, context): JsonObject => {
  const copy = copyJson(value, 16)
  if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return copy
  context.addIssue({ code: 'custom', message: 'expected object nested up to 16 deep' })
  return z.NEVER
})

/** A list that is counted before its items are looked at, so that a huge one costs nothing. */
export function list<Item extends z.ZodType>(item: Item, lengthMax: number) {
  return z.array(z.unknown()).max(lengthMax).pipe(z.array(item))
}

/** What the schema makes of the value, or what does not fit: `path: expected …, received <type>`, never a value; `at` is where the value stands. */
export function fit<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  at: readonly PropertyKey[] = [],
): { readonly ok: true; readonly value: Output } | { readonly ok: false; readonly violations: string[] } {
  const result = schema.safeParse(value, { error: expectation })
  if (result.success) return { ok: true, value: result.data }
  const { issues } = result.error
  const violations = issues.slice(0, violationsMax).map(({ path, message }) => {
    return `${pathText([...at, ...path])}: ${message}, received ${jsonTypeOf(memberOf(value, ...path))}`
  })
  if (issues.length > violationsMax) violations.push(`${pathText(at)}: ${issues.length - violationsMax} more`)
  return { ok: false, violations }
}

/** The path as violations name it. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map(String).join('.') || '(body)'
}

/** What the lenient reading makes of the value: undefined when it does not fit, and of what is not there. */
export function readAs<Output>(schema: z.ZodType<Output>, value: unknown): Output | undefined {
  // Most of what is looked for is not there, and zod would make an error for each.
  if (value === undefined) return undefined
  const result = schema.safeParse(value)
  return result.success ? result.data : undefined
}

/** zod's own messages name values in some cases; these never do. */
export function expectation(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${issue.expected}`
    case 'too_big':
      return `expected at most ${issue.maximum}${unitOf(issue.origin)}`
    case 'too_small':
      return `expected at least ${issue.minimum}${unitOf(issue.origin)}`
    case 'invalid_value':
      return `expected one of ${issue.values.map(String).join(', ')}`
    default:
      return 'expected another value'
  }
}

function unitOf(origin: string): string {
  return origin === 'array' ? ' items' : ''
}
