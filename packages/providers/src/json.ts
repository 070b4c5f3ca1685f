import { isUtf8 } from 'node:buffer'
import { FrontdeskError } from '@frontdesk/errors'

/** A JSON object. */
export interface JsonObject {
  [key: string]: JsonValue
}

/** Whatever JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject

/** @throws FrontdeskError `malformed_json` unless the bytes are JSON in UTF-8. */
export function parseJson(rawBody: Buffer): unknown {
  if (!isUtf8(rawBody)) throw malformed('not UTF-8')
  try {
    return JSON.parse(rawBody.toString('utf8'))
  } catch (error) {
    // The parser's own message quotes the body, so it stays out of ours.
    throw malformed('the parser refused it', error)
  }
}

function malformed(detail: string, cause?: unknown): FrontdeskError {
  return new FrontdeskError('malformed_json', { publicMessage: 'The body is not JSON in UTF-8.', detail, cause })
}

/** The value's own member at the path; undefined where there is none, and never anything inherited. */
export function memberOf(value: unknown, ...path: readonly PropertyKey[]): unknown {
  let current = value
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined
    current = (current as Record<PropertyKey, unknown>)[key]
  }
  return current
}

/** The value's type as JSON names it; `nothing` for what is not there. */
export function jsonTypeOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

/** The text without what no store or parser of others takes: lone surrogates become U+FFFD, NUL goes. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '')
}

/** A copy with clean texts and without `__proto__`; undefined when it is nested deeper than the limit. */
export function copyJson(value: unknown, depthMax: number): JsonValue | undefined {
  if (typeof value === 'string') return cleanText(value)
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value !== 'object' || depthMax === 0) return undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => copyJson(item, depthMax - 1))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  const copy: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') continue
    const memberCopy = copyJson(member, depthMax - 1)
    if (memberCopy === undefined) return undefined
    copy[cleanText(key)] = memberCopy
  }
  return copy
}
