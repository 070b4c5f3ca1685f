import type { CliContext } from './context.ts'
import { json, table } from './format.ts'

/** A page of a list, and how it is shown. */
export interface ShownPage<Item> {
  /** Of the items in JSON. */
  readonly name: string
  readonly items: readonly Item[]
  readonly nextPageToken: string
  readonly toJSON: (item: Item) => unknown
  readonly headings: readonly string[]
  readonly row: (item: Item) => readonly string[]
  /** What is said where there are none. */
  readonly empty: string
}

/** Prints a page as a table, or as JSON, and says on stderr how to see the next one. */
export function printPage<Item>(context: CliContext, args: { readonly json?: boolean | undefined }, page: ShownPage<Item>): void {
  const { name, items, nextPageToken, toJSON, headings, row, empty } = page
  if (args.json) {
    context.out(json({ [name]: items.map(toJSON), nextPageToken }))
    return
  }
  context.out(items.length === 0 ? empty : table(headings, items.map(row)))
  if (nextPageToken) context.err(`More: --page-token ${nextPageToken}`)
}
