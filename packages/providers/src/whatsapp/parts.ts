import type { z } from 'zod'
import { memberOf } from '../json.ts'
import { fit } from '../schema.ts'
import { body, change, entry, items } from './schema.ts'

/** One thing that a request tells of. */
export interface Part {
  readonly what: 'message' | 'status' | 'identity' | 'other'
  /** Where in the body it stands. */
  readonly at: readonly PropertyKey[]
  readonly json: unknown
  /** The entry and the change that it stands in; undefined for what is no part of one. */
  readonly entry: unknown
  readonly change: unknown
  /** What the envelope around it has to be; a message and a status have schemas of their own. */
  readonly schema: z.ZodType
}

/**
 * Every message, status, change of a person's id, and other change of a request. What can't be walked is a part by itself, as is what holds
 * nothing: each body has at least one, and none spoils its neighbours.
 */
export function* partsOf(json: unknown): Generator<Part> {
  const none = { entry: undefined, change: undefined }
  const whole = fit(body, json)
  if (!whole.ok) return yield { what: 'other', at: [], json, schema: body, ...none }
  for (const [index, found] of whole.value.entry.entries()) {
    const at = ['entry', index]
    const reading = fit(entry, found)
    if (reading.ok) {
      for (const [place, one] of reading.value.changes.entries()) yield* partsOfChange(one, found, [...at, 'changes', place])
    } else {
      yield { what: 'other', at, json: found, schema: entry, ...none, entry: found }
    }
  }
}

/** The fields whose changes hold lists, and what each list holds. */
const listsOf: ReadonlyMap<unknown, readonly (readonly [what: Part['what'], member: string])[]> = new Map([
  [
    'messages',
    [
      ['message', 'messages'],
      ['status', 'statuses'],
    ],
  ],
  ['user_id_update', [['identity', 'user_id_update']]],
])

function* partsOfChange(json: unknown, entryJson: unknown, at: readonly PropertyKey[]): Generator<Part> {
  const around = { entry: entryJson, change: json }
  let any = false
  for (const [what, member] of listsOf.get(memberOf(json, 'field')) ?? []) {
    const found = memberOf(json, 'value', member) ?? undefined
    if (found === undefined) continue
    const path = [...at, 'value', member]
    if (!Array.isArray(found)) yield { what: 'other', at: path, json: found, schema: items, ...around }
    else for (const [index, item] of found.entries()) yield { what, at: [...path, index], json: item, schema: items, ...around }
    any ||= !Array.isArray(found) || found.length > 0
  }
  if (!any) yield { what: 'other', at, json, schema: change, ...around }
}
