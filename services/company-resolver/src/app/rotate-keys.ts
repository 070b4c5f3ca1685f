import type { CompanyId } from '@frontdesk/contracts'
import type { KeyRotation, RotationTarget } from '../domain/key-rotation.ts'
import { findCompany } from './find-company.ts'
import type { KeyRotations } from './key-ports.ts'
import type { CompanyStore, Sources } from './ports.ts'

/** Well within the deadline of a call. */
const workMs = 2_000

interface Dependencies extends Pick<Sources, 'now'> {
  readonly companies: CompanyStore
  readonly rotations: KeyRotations
}

interface Command {
  readonly rotationId: string
  readonly target: RotationTarget
  readonly companyId: CompanyId | undefined
  readonly by: string
}

/** Begins a rotation of keys, or goes on with the unfinished one of the same scope, for some time. */
export function rotateKeys({ companies, rotations, now }: Dependencies) {
  return async ({ rotationId: id, target, companyId, by: startedBy }: Command): Promise<KeyRotation> => {
    if (companyId !== undefined) await findCompany(companies, companyId)
    const rotation = await rotations.begin({ id, target, companyId, startedBy, startedAt: now() })
    return rotation.finishedAt ? rotation : rotations.advance(rotation.id, workMs)
  }
}
