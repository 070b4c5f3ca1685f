import { FrontdeskError } from '@frontdesk/errors'
import { isRotationDue, isRotationUnderWay, planRotation, type RotationPolicy, type SigningKey } from '../domain/signing-key.ts'
import type { Audit, SigningKeyStore, Sources } from './ports.ts'

interface Dependencies extends Pick<Sources, 'now'> {
  readonly keys: SigningKeyStore
  readonly policy: RotationPolicy
}

/** Makes the next key where one is due; undefined if none is. */
export function keepSigningKeyFresh({ keys, policy, now }: Dependencies) {
  return async (): Promise<SigningKey | undefined> => {
    const isDue = (present: readonly SigningKey[]) => isRotationDue(present, policy, now())
    // Asked once more under the lock, which nobody needs most of the time.
    if (!isDue(await keys.list())) return undefined
    return keys.rotate((present) => (isDue(present) ? planRotation(present, policy, now()) : undefined))
  }
}

/** Makes the next key before it is due. */
export function rotateSigningKey({ keys, policy, now, audit }: Dependencies & { readonly audit: Audit }) {
  return async (by: string): Promise<SigningKey> => {
    const key = await keys.rotate((present) => {
      const at = now()
      return isRotationUnderWay(present, at) ? undefined : planRotation(present, policy, at)
    })
    if (!key)
      throw new FrontdeskError('failed_precondition', { publicMessage: 'A new key is published already and has yet to begin to sign.' })
    audit.record('signing_key', 'rotated', { by })
    return key
  }
}
