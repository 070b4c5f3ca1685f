import type { Branch } from './branch.ts'
import type { Company } from './company.ts'
import type { Connection } from './connection.ts'
import type { PhoneNumber } from './phone-number.ts'
import type { Signal } from './signal.ts'

/** Who makes a change: the process that calls, and the person behind it. */
export interface Author {
  readonly caller: string
  readonly actor: string | undefined
}

interface Of<Kind extends string, Thing> {
  readonly kind: Kind
  /** Undefined for what the change has made. */
  readonly before: Thing | undefined
  readonly after: Thing
}

/** One thing of the directory, as it was and as a change left it. */
export type DirectoryChange =
  | Of<'company', Company>
  | Of<'branch', Branch>
  | Of<'phone_number', PhoneNumber>
  | Of<'signal', Signal>
  /** `version` is its place in the order of all connections' changes. */
  | (Of<'connection', Connection> & { readonly version: bigint })

interface Actions {
  readonly company: 'company.created' | 'company.updated' | 'company.deactivated' | 'company.reactivated'
  readonly branch: 'branch.created' | 'branch.updated' | 'branch.deactivated'
  readonly phone_number: 'phone_number.added' | 'phone_number.ended'
  readonly signal: 'signal.added' | 'signal.ended'
  readonly connection: 'connection.created' | 'connection.secret_rotated' | 'connection.previous_secret_revoked' | 'connection.deactivated'
}

type ChangeOf<Kind extends DirectoryChange['kind']> = Extract<DirectoryChange, { kind: Kind }>

const actions: { readonly [Kind in DirectoryChange['kind']]: (change: ChangeOf<Kind>) => Actions[Kind] } = {
  company({ before, after }) {
    if (!before) return 'company.created'
    if (Boolean(before.deactivatedAt) === Boolean(after.deactivatedAt)) return 'company.updated'
    return after.deactivatedAt ? 'company.deactivated' : 'company.reactivated'
  },
  branch({ before, after }) {
    if (!before) return 'branch.created'
    return !before.deactivatedAt && after.deactivatedAt ? 'branch.deactivated' : 'branch.updated'
  },
  phone_number: ({ before }) => (before ? 'phone_number.ended' : 'phone_number.added'),
  signal: ({ before }) => (before ? 'signal.ended' : 'signal.added'),
  connection({ before, after }) {
    if (!before) return 'connection.created'
    if (!before.deactivatedAt && after.deactivatedAt) return 'connection.deactivated'
    return before.secretVersion === after.secretVersion ? 'connection.previous_secret_revoked' : 'connection.secret_rotated'
  },
}

/** What was done to what, as the audit and the events name it. */
export function actionOf<Kind extends DirectoryChange['kind']>(change: ChangeOf<Kind>): Actions[Kind] {
  const action = actions[change.kind] as (of: ChangeOf<Kind>) => Actions[Kind]
  return action(change)
}

/** Whose change it is. */
export function companyIdOf(change: DirectoryChange): string {
  return change.kind === 'company' ? change.after.id : change.after.companyId
}
