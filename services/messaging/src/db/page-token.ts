import { isStorableInstant } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
import { and, desc, eq, lt, or, type SQL } from 'drizzle-orm'
import type { MySqlColumn } from 'drizzle-orm/mysql-core'
import type { Page } from '../app/ports.ts'

/** A list by an instant and an id, the latest first: its order, and what stands behind a page's token. */
export function latestFirst(instant: MySqlColumn, id: MySqlColumn) {
  return {
    order: [desc(instant), desc(id)],
    /** @throws FrontdeskError `invalid_argument` for a token that we did not give. */
    behind: (token: string): SQL | undefined => {
      if (token === '') return undefined
      const last = parse(token)
      return or(lt(instant, last.instant), and(eq(instant, last.instant), lt(id, last.id)))
    },
  }
}

/** A full page leads to a next one, from its last row. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  keyOf: (row: Row) => { instant: Date; id: string },
): Page<Item> {
  const last = rows.length === limit ? rows.at(-1) : undefined
  if (last === undefined) return { items: rows.map(toItem), nextPageToken: '' }
  const { instant, id } = keyOf(last)
  return { items: rows.map(toItem), nextPageToken: `${instant.getTime()}.${id}` }
}

function parse(token: string): { instant: Date; id: string } {
  const [, millis = '', id = ''] = /^(\d{1,15})\.([a-z]+_[0-9a-z]{26})$/.exec(token) ?? []
  const instant = new Date(Number(millis))
  if (id === '' || !isStorableInstant(instant)) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'page_token: not one that we gave. Begin again without it.' })
  }
  return { instant, id }
}
