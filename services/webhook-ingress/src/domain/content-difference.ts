import { masked, namesCredential } from './delivery.ts'

/** What an event says, as it is published. */
export interface EventContent {
  readonly type: string
  readonly entityId: string
  readonly occurredAt: Date
  /** The payload in JSON. */
  readonly body: Uint8Array
}

/** One place at which two contents differ: JSON texts, cut and without credentials; empty where there is nothing. */
export interface ContentDifference {
  readonly path: string
  readonly before: string
  readonly after: string
}

const textLengthMax = 200
const credentialForm = /^(?:whsec_|[rs]k_(?:live|test)_|(?:bearer|basic) )/i

/** Every place at which the contents differ, down to single values; the order of an object's members is no difference. */
export function differencesOf(before: EventContent, after: EventContent): ContentDifference[] {
  return [
    ...walk('(type)', before.type, after.type, false),
    ...walk('(entity)', before.entityId, after.entityId, false),
    ...walk('(time)', before.occurredAt.toISOString(), after.occurredAt.toISOString(), false),
    ...walk('', parse(before.body), parse(after.body), false),
  ]
}

function* walk(path: string, before: unknown, after: unknown, isSecret: boolean): Generator<ContentDifference> {
  if (haveMembers(before, after)) {
    const [was, is] = [membersOf(before), membersOf(after)]
    for (const key of new Set([...was.keys(), ...is.keys()])) {
      const secret = isSecret || (typeof key === 'string' && namesCredential(key))
      yield* walk(below(path, key), was.get(key), is.get(key), secret)
    }
    return
  }
  if (textOf(before) !== textOf(after)) yield { path: cut(path), before: shown(before, isSecret), after: shown(after, isSecret) }
}

/** Whether they can be compared member by member: they are of one kind, or one is not there and the other not empty. */
function haveMembers(before: unknown, after: unknown): boolean {
  const present = [before, after].filter((value) => value !== undefined)
  const kinds = new Set(present.map(kindOf))
  if (kinds.size !== 1 || kinds.has('value')) return false
  return present.length === 2 || membersOf(present[0]).size > 0
}

function kindOf(value: unknown): 'list' | 'object' | 'value' {
  if (Array.isArray(value)) return 'list'
  return typeof value === 'object' && value !== null ? 'object' : 'value'
}

function membersOf(value: unknown): ReadonlyMap<string | number, unknown> {
  if (Array.isArray(value)) return new Map(value.map((item, index): [number, unknown] => [index, item]))
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}

function below(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`
  if (!/^[A-Za-z_]\w*$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

function textOf(value: unknown, replace?: (key: string, member: unknown) => unknown): string {
  return value === undefined ? '' : JSON.stringify(value, replace)
}

/** A whole object, too, where the other side has none to compare it with. */
function shown(value: unknown, isSecret: boolean): string {
  if (value === undefined) return ''
  return isSecret ? masked : cut(textOf(value, (key, member) => (namesCredential(key) || isCredential(member) ? masked : member)))
}

function isCredential(value: unknown): boolean {
  return typeof value === 'string' && credentialForm.test(value)
}

function cut(text: string): string {
  return text.length > textLengthMax ? `${text.slice(0, textLengthMax - 1)}…` : text
}

function parse(body: Uint8Array): unknown {
  return JSON.parse(Buffer.from(body).toString('utf8'))
}
