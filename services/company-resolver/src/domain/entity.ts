/**
 * What an event is about, within the secret that verified it: a company that invents another's call id
 * under its own connection names another entity.
 */
export interface Entity {
  readonly provider: string
  /** The connection whose secret verified, or `platform`. */
  readonly scope: string
  readonly type: string
  readonly id: string
}

/** The scope of what a secret of the platform verified. */
export const platformScope = 'platform'

/** One text for one entity. */
export function entityKey({ provider, scope, type, id }: Entity): string {
  return JSON.stringify([provider, scope, type, id])
}
