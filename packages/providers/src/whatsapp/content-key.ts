import { createHash } from 'node:crypto'
import { memberOf } from '../json.ts'
import type { Part } from './parts.ts'

const depthMax = 32

/**
 * Keys of the parts of one request that have no id of their own: entry, time and content, and a number for each that
 * says the same. So a redelivery has the key again, also in another batch, and two different ones never share it.
 */
export function createContentKeys(rawBody: Buffer): (part: Part) => string[] {
  const timesSeen = new Map<string, number>()
  let bodyDigest: string | undefined
  return ({ at, entry, change, json }) => {
    const ours = memberOf(change, 'value', 'metadata', 'phone_number_id')
    const content = canonicalJson([memberOf(entry, 'id'), memberOf(entry, 'time'), ours, memberOf(change, 'field'), json], depthMax)
    // What can't be written out exactly is known by the bytes of the request and its place in them.
    if (content === undefined) return ['place', (bodyDigest ??= digestOf(rawBody)), at.join('.')]
    const digest = digestOf(content)
    const ordinal = timesSeen.get(digest) ?? 0
    timesSeen.set(digest, ordinal + 1)
    return ['content', digest, String(ordinal)]
  }
}

/** One text for one value, however its members are ordered; undefined if it is too deep, or a number may have been rounded. */
function canonicalJson(value: unknown, depth: number): string | undefined {
  if (value === undefined) return 'undefined'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depth === 0) return undefined
  const isList = Array.isArray(value)
  const members = isList ? value.entries() : Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const texts: string[] = []
  for (const [key, member] of members) {
    const text = canonicalJson(member, depth - 1)
    if (text === undefined) return undefined
    texts.push(isList ? text : `${JSON.stringify(key)}:${text}`)
  }
  return isList ? `[${texts.join(',')}]` : `{${texts.join(',')}}`
}

function digestOf(content: Buffer | string): string {
  return createHash('sha256').update(content).digest('hex')
}
