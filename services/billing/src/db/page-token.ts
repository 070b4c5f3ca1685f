import { isStorableInstant } from '@frontdesk/database'
import { invalid } from '../domain/invalid.ts'
import type { Page } from '../app/ports.ts'

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

/** A position in a list that is sorted by an instant and an id. */
export interface Position {
  readonly instant: Date
  readonly id: string
}

export function positionToken(instant: Date, id: string): string {
  return `${instant.getTime()}.${id}`
}

/** Undefined for the first page. @throws FrontdeskError `invalid_argument` for a token that we did not give. */
export function parsePosition(token: string): Position | undefined {
  if (token === '') return undefined
  const [, millis = '', id = ''] = /^(\d{1,15})\.([!-~]{1,255})$/.exec(token) ?? []
  const instant = new Date(Number(millis))
  if (id === '' || !isStorableInstant(instant)) throw unknownToken()
  return { instant, id }
}

/** The id after which a page begins; empty for the first. @throws FrontdeskError `invalid_argument`. */
export function parsePlanId(token: string): string {
  if (token !== '' && !/^plan_[0-9a-z]{26}$/.test(token)) throw unknownToken()
  return token
}

function unknownToken() {
  return invalid('page_token: not one that we gave. Begin again without it.')
}
