import { companyColumn } from '../company-tables.ts'
import type { CompanyReference, Fact } from './conditions.ts'
import type { TableEntry } from './table-section.ts'

/** The tables that a query may name, and which of them are known to show rows of given companies only. */
export interface Scope {
  readonly aliases: ReadonlySet<string>
  readonly bound: ReadonlySet<string>
}

export const emptyScope: Scope = { aliases: new Set(), bound: new Set() }

/** One alias is bound as soon as the other one is. */
interface Link {
  readonly from: string
  readonly to: string
}

/**
 * Works out which tables are bound. WHERE and the ON of an inner join hold for every row; the ON of a LEFT JOIN says
 * something of the joined table alone, that of a RIGHT JOIN of all the others.
 */
export function bindTables(tables: readonly TableEntry[], where: readonly Fact[], outer: Scope): Scope {
  const own = new Set(tables.map(({ alias }) => alias))
  const bound = new Set([...outer.bound].filter((alias) => !own.has(alias)))
  const links: Link[] = []

  function aliasOf({ alias }: CompanyReference): string | undefined {
    if (alias !== undefined) return own.has(alias) || outer.aliases.has(alias) ? alias : undefined
    // With several tables it would be a guess.
    return own.size === 1 && tables.length === 1 ? tables[0]?.alias : undefined
  }
  function learn(facts: readonly Fact[], holdsFor: (alias: string) => boolean): void {
    const link = (from: string | undefined, to: string | undefined) => {
      if (from !== undefined && to !== undefined && own.has(to) && holdsFor(to)) links.push({ from, to })
    }
    for (const fact of facts) {
      if (fact.kind === 'value') {
        const alias = aliasOf(fact.of)
        if (alias !== undefined && own.has(alias) && holdsFor(alias)) bound.add(alias)
      } else {
        link(aliasOf(fact.left), aliasOf(fact.right))
        link(aliasOf(fact.right), aliasOf(fact.left))
      }
    }
  }

  learn(where, () => true)
  for (const [index, { alias, join, facts, using }] of tables.entries()) {
    const holdsFor = (other: string) => (join === 'inner' ? true : join === 'left' ? other === alias : other !== alias)
    learn(facts, holdsFor)
    if (using.includes(companyColumn) && index === 1) {
      learn([{ kind: 'equal', left: { alias }, right: { alias: tables[0]?.alias } }], holdsFor)
    }
  }
  for (let size = -1; size !== bound.size;) {
    size = bound.size
    for (const { from, to } of links) if (bound.has(from)) bound.add(to)
  }
  return { aliases: new Set([...outer.aliases, ...own]), bound }
}
