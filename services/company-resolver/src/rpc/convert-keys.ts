import {
  DataKeyState as DataKeyStateMessages,
  type GetKeyStatusResponse,
  type KeyRotation as KeyRotationMessage,
  RotationTarget as RotationTargetMessages,
} from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import type { KeyStatus } from '../app/key-ports.ts'
import type { DataKeyState, KeyRotation, RotationTarget } from '../domain/key-rotation.ts'

const targets: Record<RotationTarget, RotationTargetMessages> = {
  kek: RotationTargetMessages.KEY_ENCRYPTION_KEY,
  data_keys: RotationTargetMessages.DATA_KEYS,
}

const states: Record<DataKeyState, DataKeyStateMessages> = {
  active: DataKeyStateMessages.ACTIVE,
  retiring: DataKeyStateMessages.RETIRING,
  retired: DataKeyStateMessages.RETIRED,
}

export function fromRotationTargetMessage(message: RotationTargetMessages): RotationTarget {
  switch (message) {
    case RotationTargetMessages.KEY_ENCRYPTION_KEY:
      return 'kek'
    case RotationTargetMessages.DATA_KEYS:
      return 'data_keys'
    default:
      throw invalidArgument('target: say what to rotate, the key-encryption key or the data keys.')
  }
}

export function toKeyRotationMessage({ id: rotationId, target, companyId, ...rest }: KeyRotation): KeyRotationMessage {
  return { ...rest, rotationId, target: targets[target], companyId: companyId ?? '' }
}

export function toKeyStatusMessage({ dataKeys, rotations, ...rest }: KeyStatus): GetKeyStatusResponse {
  return {
    ...rest,
    dataKeys: dataKeys.map(({ kekId, state, count }) => ({ kekId, state: states[state], count })),
    rotations: rotations.map(toKeyRotationMessage),
  }
}
