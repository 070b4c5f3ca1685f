import { FrontdeskError } from '@frontdesk/errors'
import { and, asc, desc, eq, gt, isNotNull, isNull, lt, or, type SQL } from 'drizzle-orm'
import type { MySqlColumn } from 'drizzle-orm/mysql-core'
import { isStorableInstant } from './storable-instant.ts'

/** A page of a list; the token is empty on the last one. */
export interface Page<Item> {
  readonly items: Item[]
  readonly nextPageToken: string
}

/** A place in a list that is sorted by an instant, which may be absent, and an id. */
export interface Position {
  readonly instant: Date | null
  readonly id: string
}

/** A full page leads to a next one, from its last row. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  tokenOf: (row: Row) => string,
): Page<Item> {
  const last = rows.length === limit ? rows.at(-1) : undefined
  return { items: rows.map(toItem), nextPageToken: last === undefined ? '' : tokenOf(last) }
}

/** The position as the token of a page that begins behind it. */
export function positionToken({ instant, id }: Position): string {
  return `${instant?.getTime() ?? ''}.${id}`
}

/** A list by an instant and an id: its order, and what stands behind a position or a page's token (an empty one is the beginning). */
export function keyset(instant: MySqlColumn, id: MySqlColumn, direction: 'earliest first' | 'latest first') {
  const [order, further] = direction === 'earliest first' ? [asc, gt] : [desc, lt]
  const beyond = (position: Position): SQL | undefined => {
    const { instant: at } = position
    // MySQL sorts NULL before every instant.
    const sameInstant = and(at === null ? isNull(instant) : eq(instant, at), further(id, position.id))
    if (at === null) return direction === 'earliest first' ? or(sameInstant, isNotNull(instant)) : sameInstant
    const pastNull = direction === 'latest first' && !instant.notNull ? isNull(instant) : undefined
    return or(further(instant, at), sameInstant, pastNull)
  }
  return {
    order: [order(instant), order(id)],
    beyond,
    /** @throws FrontdeskError `invalid_argument` for a token that we did not give. */
    behind: (token: string): SQL | undefined => (token === '' ? undefined : beyond(parse(token, instant.notNull))),
  }
}

function parse(token: string, always: boolean): Position {
  const [, millis = '', id = ''] = /^(\d{0,15})\.([!-~]{1,255})$/.exec(token) ?? []
  const instant = millis === '' ? null : new Date(Number(millis))
  if (id === '' || (instant ? !isStorableInstant(instant) : always)) throw unknownPageToken()
  return { instant, id }
}

/** What a token that we did not give is answered with. */
export function unknownPageToken(): FrontdeskError {
  return new FrontdeskError('invalid_argument', { publicMessage: 'page_token: not one that we gave. Begin again without it.' })
}
