import type { VaultServiceImplementation } from '@frontdesk/contracts'
import { requireCompany } from '@frontdesk/rpc'
import type { KeyStatusReader } from '../app/key-ports.ts'
import type { rotateKeys } from '../app/rotate-keys.ts'
import { personOf } from './author.ts'
import { fromRotationTargetMessage, toKeyRotationMessage, toKeyStatusMessage } from './convert-keys.ts'
import { fromIdText } from './convert.ts'

export interface VaultServiceDependencies {
  readonly rotateKeys: ReturnType<typeof rotateKeys>
  readonly status: KeyStatusReader
}

/** `frontdesk.vault.v1.VaultService`; to be served for all companies alone. */
export function createVaultService({ rotateKeys: rotate, status }: VaultServiceDependencies): VaultServiceImplementation {
  return {
    async rotateKeys(request, context) {
      const rotation = await rotate({
        rotationId: fromIdText('rotation_id', 'rot', request.rotationId),
        target: fromRotationTargetMessage(request.target),
        companyId: request.companyId === '' ? undefined : requireCompany(context, request.companyId),
        by: personOf(context),
      })
      return { rotation: toKeyRotationMessage(rotation) }
    },

    async getKeyStatus() {
      return toKeyStatusMessage(await status.read())
    },
  }
}
