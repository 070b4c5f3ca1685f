import { companyColumn } from '../company-tables.ts'
import { companyReference, companyValue, factsOf } from './conditions.ts'
import { clausesOf } from './clauses.ts'
import { bindTables, emptyScope, type Scope } from './scope.ts'
import { readTables, type TableEntry } from './table-section.ts'
import { beginsQuery, isComma, isGroup, isMark, isWord, nameOf, type Node, readSql, splitAt, UnreadableError } from './tokens.ts'

/** A statement that could touch rows of a company that it does not name. */
export class UnscopedError extends Error {}

/** What the guard has to check at every run of a statement: these parameters have to be text. */
export interface Inspection {
  readonly companyParams: readonly number[]
}

/**
 * Inspects a statement's text.
 * @throws UnscopedError if it names no company for one of the tables, UnreadableError if nobody can tell
 */
export function inspect(sql: string, companyTables: ReadonlySet<string>): Inspection {
  const nodes = readSql(sql)
  const inspector = new Inspector(companyTables)
  inspector.statement(isMark(nodes.at(-1), ';') ? nodes.slice(0, -1) : nodes)
  inspector.requireAllSeen(nodes)
  return { companyParams: [...inspector.companyParams] }
}

class Inspector {
  readonly companyParams = new Set<number>()
  readonly #companyTables: ReadonlySet<string>
  /** Every mention of a company's table that was understood. */
  readonly #seen = new Set<Node>()

  constructor(companyTables: ReadonlySet<string>) {
    this.#companyTables = companyTables
  }

  statement(nodes: readonly Node[]): void {
    const [first] = nodes
    if (isWord(first, 'insert')) return this.#insert(nodes)
    if (isWord(first, 'update')) return this.#update(nodes)
    if (isWord(first, 'delete')) return this.#delete(nodes)
    if (isWord(first, 'explain', 'describe', 'desc', 'show')) return this.#explain(nodes)
    if (beginsQuery(nodes)) this.#query(nodes, emptyScope)
    else throw new UnreadableError('a kind of statement that the guard does not know')
  }

  /** The last net: whatever has a table's name and was not taken for one is a form that the guard does not know. */
  requireAllSeen(nodes: readonly Node[]): void {
    for (const [index, node] of nodes.entries()) {
      if (isGroup(node) || node.kind === 'case') this.requireAllSeen(node.nodes)
      else if (this.#isCompanyTable(nameOf(node)) && !this.#seen.has(node) && !isMark(nodes[index + 1], '.')) {
        throw new UnreadableError(`the table ${node.text} in a place that the guard does not know`)
      }
    }
  }

  #explain(nodes: readonly Node[]): void {
    const start = nodes.findIndex((node) => isWord(node, 'select', 'with', 'insert', 'update', 'delete') || isGroup(node))
    if (start > 0) return this.statement(nodes.slice(start))
    // DESCRIBE and SHOW tell of tables, not of their rows.
    for (const node of nodes) this.#seen.add(node)
  }

  #query(nodes: readonly Node[], outer: Scope): void {
    const body = this.#withoutCtes(nodes, outer)
    for (const part of splitAt(body, (node) => isWord(node, 'union', 'except', 'intersect'))) {
      const [first, ...rest] = isWord(part[0], 'all', 'distinct') ? part.slice(1) : part
      if (isGroup(first)) {
        this.#query(first.nodes, outer)
        this.#expressions(rest, outer)
      } else this.#select(first ? [first, ...rest] : [], outer)
    }
  }

  #withoutCtes(nodes: readonly Node[], outer: Scope): readonly Node[] {
    if (!isWord(nodes[0], 'with')) return nodes
    const start = nodes.findIndex((node) => isWord(node, 'select', 'update', 'delete'))
    if (start < 0) throw new UnreadableError('WITH without a SELECT')
    for (const [index, node] of nodes.slice(1, start).entries()) {
      if (isGroup(node) && isWord(nodes[index], 'as')) this.#query(node.nodes, outer)
      else if (this.#isCompanyTable(nameOf(node))) throw new UnreadableError('a WITH that hides a table')
    }
    if (!isWord(nodes[start], 'select')) throw new UnreadableError('WITH before a write')
    return nodes.slice(start)
  }

  /** @returns the scope, for an INSERT that copies what it selects */
  #select(nodes: readonly Node[], outer: Scope): Scope {
    if (!isWord(nodes[0], 'select')) throw new UnreadableError('a query that the guard does not know')
    const clauses = clausesOf(nodes.slice(1), [
      'from',
      'where',
      'group',
      'having',
      'order',
      'limit',
      'for',
      'lock',
      'window',
      'into',
      'procedure',
    ])
    const scope = this.#scope(readTables(clauses.get('from') ?? []), clauses.get('where') ?? [], outer)
    for (const [keyword, clause] of clauses) if (keyword !== 'from') this.#expressions(clause, scope)
    return scope
  }

  /** Binds the tables and requires that no company's table is left unbound. */
  #scope(tables: readonly TableEntry[], where: readonly Node[], outer: Scope): Scope {
    const facts = factsOf(where)
    const scope = bindTables(tables, facts, outer)
    for (const { alias, name, token, query, on } of tables) {
      if (token) this.#seen.add(token)
      if (query) this.#query(query, outer)
      this.#expressions(on, scope)
      if (this.#isCompanyTable(name) && !scope.bound.has(alias)) {
        throw new UnscopedError(
          `nothing ties ${name === alias ? name : `${name} ${alias}`} to a company: AND ${alias}.${companyColumn} = ? has to hold`,
        )
      }
    }
    for (const fact of [...facts, ...tables.flatMap((table) => table.facts)]) {
      if (fact.kind === 'value') for (const param of fact.params) this.companyParams.add(param)
    }
    return scope
  }

  /** Finds the queries in an expression, however deep. */
  #expressions(nodes: readonly Node[], scope: Scope): void {
    for (const node of nodes) {
      if (isGroup(node) && beginsQuery(node.nodes)) this.#query(node.nodes, scope)
      else if (isGroup(node) || node.kind === 'case') this.#expressions(node.nodes, scope)
      else if (isWord(node, 'select')) throw new UnreadableError('a SELECT without parentheses')
    }
  }

  #update(nodes: readonly Node[]): void {
    const clauses = clausesOf(nodes.slice(1), ['set', 'where', 'order', 'limit', 'returning'])
    const tables = (clauses.get('') ?? []).filter((node) => !isWord(node, 'low_priority', 'ignore'))
    const scope = this.#scope(readTables(tables), clauses.get('where') ?? [], emptyScope)
    for (const assignment of splitAt(clauses.get('set') ?? [], isComma)) {
      const column = assignment.slice(
        0,
        assignment.findIndex((node) => isMark(node, '=')),
      )
      if (companyReference(column)) throw new UnscopedError('a row must not move to another company')
    }
    for (const [keyword, clause] of clauses) if (keyword !== '') this.#expressions(clause, scope)
  }

  #delete(nodes: readonly Node[]): void {
    const clauses = clausesOf(nodes.slice(1), ['from', 'using', 'where', 'order', 'limit', 'returning'])
    const from = clauses.get('from')
    if (!from || clauses.has('using')) throw new UnreadableError('a DELETE that the guard does not know')
    const tables = readTables(from)
    const scope = this.#scope(tables, clauses.get('where') ?? [], emptyScope)
    // DELETE a, b FROM …: the first list names tables of the second.
    for (const target of clauses.get('') ?? []) if (tables.some(({ alias }) => alias === nameOf(target))) this.#seen.add(target)
    for (const [keyword, clause] of clauses) if (keyword !== 'from' && keyword !== '') this.#expressions(clause, scope)
  }

  #insert(nodes: readonly Node[]): void {
    const start = nodes.findIndex((node, index) => index > 0 && !isWord(node, 'into', 'ignore', 'low_priority', 'high_priority', 'delayed'))
    const qualified = isMark(nodes[start + 1], '.')
    const table = nodes[qualified ? start + 2 : start]
    const rest = nodes.slice(start + (qualified ? 3 : 1))
    if (!table || nameOf(table) === undefined) throw new UnreadableError('an INSERT that the guard does not know')
    this.#seen.add(table)
    const needsCompany = this.#isCompanyTable(nameOf(table))
    const duplicate = rest.findIndex((node, index) => isWord(node, 'on') && isWord(rest[index + 1], 'duplicate'))
    const [source, update] = duplicate < 0 ? [rest, []] : [rest.slice(0, duplicate), rest.slice(duplicate)]
    if (needsCompany) {
      this.#insertSource(source)
      for (const assignment of splitAt(update, isComma)) requireNoMove(assignment)
    } else this.#copied(source)
    this.#expressions(update, emptyScope)
  }

  #copied(source: readonly Node[]): void {
    const query = source.findIndex((node) => isWord(node, 'select', 'with') || (isGroup(node) && beginsQuery(node.nodes)))
    if (query >= 0 && !source.slice(0, query).some((node) => isWord(node, 'values', 'value', 'set')))
      this.#query(source.slice(query), emptyScope)
    else this.#expressions(source, emptyScope)
  }

  #insertSource([columns, ...rest]: readonly Node[]): void {
    if (!isGroup(columns)) throw new UnscopedError(`an INSERT has to list its columns, ${companyColumn} among them`)
    const place = splitAt(columns.nodes, isComma).findIndex((column) => companyReference(column))
    if (place < 0) throw new UnscopedError(`an INSERT has to give ${companyColumn}`)
    const [first, ...rows] = rest
    if (isWord(first, 'select')) return this.#insertSelect(rest, place)
    if (!isWord(first, 'values', 'value')) throw new UnreadableError('an INSERT that the guard does not know')
    const end = rows.findIndex((node) => isWord(node, 'returning'))
    for (const row of splitAt(end < 0 ? rows : rows.slice(0, end), isComma)) {
      const [values] = row
      if (row.length !== 1 || !isGroup(values)) throw new UnreadableError('an INSERT that the guard does not know')
      this.#requireValue(splitAt(values.nodes, isComma)[place] ?? [])
      this.#expressions(values.nodes, emptyScope)
    }
  }

  #insertSelect(query: readonly Node[], place: number): void {
    if (query.some((node) => isWord(node, 'union', 'except', 'intersect'))) throw new UnreadableError('an INSERT of a UNION')
    const { bound } = this.#select(query, emptyScope)
    const items = clausesOf(query.slice(1), ['from', 'where', 'limit']).get('') ?? []
    const item =
      splitAt(
        items.filter((node) => !isWord(node, 'distinct')),
        isComma,
      )[place] ?? []
    const column = companyReference(item)
    const [only] = bound
    if (column && (column.alias === undefined ? bound.size === 1 && only !== undefined : bound.has(column.alias))) return
    this.#requireValue(item)
  }

  #requireValue(value: readonly Node[]): void {
    const params = companyValue(value)
    if (!params) throw new UnscopedError(`${companyColumn} has to be a parameter or a text`)
    for (const param of params) this.companyParams.add(param)
  }

  #isCompanyTable(name: string | undefined): boolean {
    return name !== undefined && this.#companyTables.has(name)
  }
}

/** ON DUPLICATE KEY UPDATE may name the company only to leave it as it is. */
function requireNoMove(assignment: readonly Node[]): void {
  const at = assignment.findIndex((node) => isMark(node, '='))
  // The first one stands behind ON DUPLICATE KEY UPDATE.
  const column = assignment.slice(0, at).filter((node) => !isWord(node, 'on', 'duplicate', 'key', 'update'))
  if (!companyReference(column)) return
  const value = assignment.slice(at + 1)
  const [call, inserted] = value
  const asInserted = value.length === 2 && isWord(call, 'values') && isGroup(inserted) && companyReference(inserted.nodes)
  if (!asInserted && !companyReference(value)) throw new UnscopedError('a row must not move to another company')
}
