import { isStorableInstant } from '@frontdesk/database'
import { FrontdeskError } from '@frontdesk/errors'
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

/** A position in a list that is sorted by an instant, which may be absent, and an id. */
export function instantAndId(instant: Date | null, id: string): string {
  return `${instant?.getTime() ?? ''}.${id}`
}

/** @throws FrontdeskError `invalid_argument` for a token that we did not give. */
export function parseInstantAndId(token: string): { instant: Date | undefined; id: string } {
  const [, millis = '', id = ''] = /^(\d{0,15})\.([a-z]+_[0-9a-z]{26})$/.exec(token) ?? []
  const instant = millis === '' ? undefined : new Date(Number(millis))
  if (id === '' || (instant && !isStorableInstant(instant))) {
    throw new FrontdeskError('invalid_argument', { publicMessage: 'page_token: not one that we gave. Begin again without it.' })
  }
  return { instant, id }
}
