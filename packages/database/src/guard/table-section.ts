import type { Fact } from './conditions.ts'
import { factsOf } from './conditions.ts'
import { beginsQuery, isGroup, isMark, isName, isWord, nameOf, type Node, type Token, UnreadableError } from './tokens.ts'

/** A table of FROM, UPDATE or DELETE; `name` is undefined for a query in its place. */
export interface TableEntry {
  readonly alias: string
  readonly name: string | undefined
  /** The token that names it, by which the guard knows that it was seen. */
  readonly token: Token | undefined
  readonly query: readonly Node[] | undefined
  readonly join: 'inner' | 'left' | 'right'
  readonly facts: readonly Fact[]
  /** Columns of USING. */
  readonly using: readonly string[]
  /** The nodes of ON, for the queries in it. */
  readonly on: readonly Node[]
}

/** Reads `a, b AS x JOIN c ON …`; refuses what it does not know, such as nested joins, NATURAL and LATERAL. */
export function readTables(nodes: readonly Node[]): TableEntry[] {
  const entries: TableEntry[] = []
  let at = 0
  const next = () => nodes[at]

  function readJoin(): TableEntry['join'] {
    if (isMark(next(), ',')) {
      at++
      return 'inner'
    }
    const side = isWord(next(), 'left', 'right', 'inner', 'cross') ? nodes[at++] : undefined
    if (isWord(side, 'left', 'right') && isWord(next(), 'outer')) at++
    if (isWord(next(), 'join') || (!side && isWord(next(), 'straight_join'))) at++
    else throw new UnreadableError('a list of tables that the guard does not know')
    return isWord(side, 'left') ? 'left' : isWord(side, 'right') ? 'right' : 'inner'
  }

  function readFactor(): Pick<TableEntry, 'name' | 'token' | 'query' | 'alias'> {
    const first = nodes[at++]
    if (isGroup(first)) {
      if (!beginsQuery(first.nodes)) throw new UnreadableError('joins in parentheses')
      return { name: undefined, token: undefined, query: first.nodes, alias: readAlias() ?? '' }
    }
    const qualified = isMark(next(), '.')
    const token = qualified ? nodes[at + 1] : first
    if (qualified) at += 2
    if (!isName(token) || isGroup(next())) throw new UnreadableError('a table that the guard does not know')
    const name = token.text
    const alias = readAlias() ?? name
    while (isWord(next(), 'use', 'force', 'ignore') && isWord(nodes[at + 1], 'index', 'key') && isGroup(nodes[at + 2])) at += 3
    return { name, token, query: undefined, alias }
  }

  function readAlias(): string | undefined {
    const given = isWord(next(), 'as')
    if (given) at++
    const name = nameOf(next())
    if (name === undefined || (!given && isWord(next(), ...afterTable))) return undefined
    at++
    return name
  }

  function readCondition(): Pick<TableEntry, 'facts' | 'using' | 'on'> {
    if (isWord(next(), 'using') && isGroup(nodes[at + 1])) {
      const columns = nodes[at + 1]
      at += 2
      return { facts: [], on: [], using: isGroup(columns) ? columns.nodes.flatMap((node) => nameOf(node) ?? []) : [] }
    }
    if (!isWord(next(), 'on')) return { facts: [], using: [], on: [] }
    const start = ++at
    while (at < nodes.length && !endsCondition(nodes, at)) at++
    const on = nodes.slice(start, at)
    return { facts: factsOf(on), using: [], on }
  }

  while (at < nodes.length) {
    const join = entries.length === 0 ? 'inner' : readJoin()
    entries.push({ join, ...readFactor(), ...readCondition() })
  }
  if (new Set(entries.map(({ alias }) => alias)).size < entries.length) throw new UnreadableError('two tables of one name')
  return entries
}

const afterTable = [
  'on',
  'using',
  'join',
  'left',
  'right',
  'inner',
  'cross',
  'straight_join',
  'natural',
  'use',
  'force',
  'ignore',
  'partition',
  'for',
]

/** LEFT and RIGHT are also functions. */
function endsCondition(nodes: readonly Node[], at: number): boolean {
  const node = nodes[at]
  if (isMark(node, ',') || isWord(node, 'join', 'straight_join', 'inner', 'cross', 'natural')) return true
  return isWord(node, 'left', 'right') && isWord(nodes[at + 1], 'join', 'outer')
}
