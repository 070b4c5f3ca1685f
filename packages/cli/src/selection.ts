import { eventTypes, providerName, windowArgs, windowOf } from './arguments.ts'

/** The options of every command that acts on events of the ledger: by their ids, or all that match within a window. */
export const selectionArgs = {
  provider: { type: 'string', description: 'Of this provider' },
  type: { type: 'string', description: 'Of these types, with commas between, such as call.ended', valueHint: 'types' },
  entity: { type: 'string', description: 'About this call id or booking uid' },
  connection: { type: 'string', description: 'From this connection (con_…)' },
  ...windowArgs,
} as const

/** What those options may say. */
export interface SelectionFlags {
  readonly _: readonly string[]
  readonly provider: string | undefined
  readonly type: string | undefined
  readonly entity: string | undefined
  readonly connection: string | undefined
  readonly since: string | undefined
  readonly until: string | undefined
}

/** The events that the options mean, as the ledger is asked for them; an empty one matches all. */
export function filterOf(args: SelectionFlags, now: Date) {
  const { from, until } = windowOf(args, now)
  return {
    provider: providerName(args.provider),
    eventTypes: eventTypes(args.type),
    connectionId: args.connection ?? '',
    entityId: args.entity ?? '',
    receivedFrom: from,
    receivedUntil: until,
  }
}

/** Whether any of the options was given. */
export function isFiltering(filter: ReturnType<typeof filterOf>): boolean {
  return Object.values(filter).some((value) => (Array.isArray(value) ? value.length > 0 : Boolean(value)))
}
