/** What a rotation replaces: the key-encryption key that wraps the data keys, or the data keys themselves. */
export type RotationTarget = 'kek' | 'data_keys'

/** A data key seals and opens (one of each company is active), then only opens what is left under it, then is kept for backups. */
export type DataKeyState = 'active' | 'retiring' | 'retired'

/** What a rotation is to do; all companies without one. */
export interface RotationScope {
  readonly target: RotationTarget
  readonly companyId: string | undefined
}

/** A rotation, and how far it is. */
export interface KeyRotation extends RotationScope {
  readonly id: string
  readonly startedBy: string
  readonly startedAt: Date
  /** Undefined while there is something left to do. */
  readonly finishedAt: Date | undefined
  readonly companiesDone: number
  readonly companiesTotal: number
  readonly dataKeysMade: number
  readonly dataKeysRewrapped: number
  readonly secretsResealed: number
  /** Keys and secrets that can't be opened, and so stay as they are. */
  readonly failures: number
}

/** How many times a rotation looks again for what others left on an old key behind it. */
const passesMax = 3

/**
 * What follows once all companies have been gone through: it is done when nothing but what failed is left, else there is
 * another pass, which ends after some all the same.
 */
export function afterPass({ pass, failures, left }: { pass: number; failures: number; left: number }): 'finished' | 'again' {
  return left <= failures || pass + 1 >= passesMax ? 'finished' : 'again'
}
