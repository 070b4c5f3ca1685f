import { companyColumn } from '../company-tables.ts'
import { beginsQuery, isComma, isGroup, isMark, isWord, nameOf, type Node, splitAt } from './tokens.ts'

/** A mention of `company_id`, with the table's alias where there is one. */
export interface CompanyReference {
  readonly alias: string | undefined
}

/** What a condition says of companies, whatever else it says. */
export type Fact =
  /** The column has one of the values; `params` are the positions of those that are parameters. */
  | { readonly kind: 'value'; readonly of: CompanyReference; readonly params: readonly number[] }
  /** Two columns are equal. */
  | { readonly kind: 'equal'; readonly left: CompanyReference; readonly right: CompanyReference }

/**
 * The facts that hold for every row which the condition lets through. An AND's part counts only if all of its tokens
 * read as one of the known forms: whatever binds more loosely than AND, or hides in an expression, yields nothing.
 */
export function factsOf(condition: readonly Node[]): Fact[] {
  const [first] = condition
  if (condition.length === 1 && isGroup(first)) return beginsQuery(first.nodes) ? [] : factsOf(first.nodes)
  if (condition.some((node) => isWord(node, 'or', 'xor') || isMark(node, '||', ':=', ','))) return []
  const parts = splitAtAnd(condition)
  return parts.length === 1 ? factOf(condition) : parts.flatMap(factsOf)
}

/** BETWEEN has an AND of its own. */
function splitAtAnd(condition: readonly Node[]): Node[][] {
  let between = 0
  return splitAt(condition, (node) => {
    if (isWord(node, 'between')) between++
    if (!isWord(node, 'and') && !isMark(node, '&&')) return false
    if (between === 0 || isMark(node, '&&')) return true
    between--
    return false
  })
}

function factOf(part: readonly Node[]): Fact[] {
  const at = part.findIndex((node) => isMark(node, '=') || isWord(node, 'in'))
  if (at < 0) return []
  const [left, right] = [part.slice(0, at), part.slice(at + 1)]
  if (isWord(part[at], 'in')) return memberFact(left, right)
  return equalFact(left, right)
}

function equalFact(left: readonly Node[], right: readonly Node[]): Fact[] {
  const [leftColumn, rightColumn] = [companyReference(left), companyReference(right)]
  if (leftColumn && rightColumn) return [{ kind: 'equal', left: leftColumn, right: rightColumn }]
  if (leftColumn) return valueFact(leftColumn, [right])
  if (rightColumn) return valueFact(rightColumn, [left])
  const [tuple] = right
  return isTuple(left) && right.length === 1 && isGroup(tuple) ? tupleFact(left, [tuple.nodes]) : []
}

function memberFact(left: readonly Node[], right: readonly Node[]): Fact[] {
  const [list] = right
  if (right.length !== 1 || !isGroup(list) || list.nodes.length === 0) return []
  const items = splitAt(list.nodes, isComma)
  const column = companyReference(left)
  if (column) return valueFact(column, items)
  if (!isTuple(left)) return []
  const tuples = items.map(([tuple, ...rest]) => (rest.length === 0 && isGroup(tuple) ? tuple.nodes : []))
  return tupleFact(left, tuples)
}

function isTuple(nodes: readonly Node[]): boolean {
  return nodes.length === 1 && isGroup(nodes[0])
}

/** `(company_id, id)` compared with tuples that each have a value in the same place. */
function tupleFact([columns]: readonly Node[], tuples: readonly (readonly Node[])[]): Fact[] {
  if (!isGroup(columns)) return []
  const items = splitAt(columns.nodes, isComma)
  return items.flatMap((item, index) => {
    const column = companyReference(item)
    return column
      ? valueFact(
          column,
          tuples.map((tuple) => splitAt(tuple, isComma)[index] ?? []),
        )
      : []
  })
}

function valueFact(of: CompanyReference, values: readonly (readonly Node[])[]): Fact[] {
  const params = values.map(companyValue)
  if (params.some((param) => param === undefined)) return []
  return [{ kind: 'value', of, params: params.flatMap((param) => param ?? []) }]
}

/** The value's parameter, none for a string; undefined for anything else, numbers among it: `'abc' = 0` is true in MySQL. */
export function companyValue(nodes: readonly Node[]): readonly number[] | undefined {
  const [value] = nodes
  if (nodes.length !== 1) return undefined
  if (value?.kind === 'param') return [value.position]
  return value?.kind === 'string' && value.text !== '' ? [] : undefined
}

/** `company_id` or `alias.company_id`, if the nodes are just that. */
export function companyReference(nodes: readonly Node[]): CompanyReference | undefined {
  const column = nodes.at(-1)
  if (nameOf(column) !== companyColumn) return undefined
  if (nodes.length === 1) return { alias: undefined }
  const alias = nameOf(nodes[0])
  return nodes.length === 3 && isMark(nodes[1], '.') && alias !== undefined ? { alias } : undefined
}
