import type { DataKeyState, KeyRotation, RotationScope } from '../domain/key-rotation.ts'

/** A rotation as it begins. */
export type NewRotation = RotationScope & Pick<KeyRotation, 'id' | 'startedBy' | 'startedAt'>

/** The rotations of the keys that secrets are sealed under. */
export interface KeyRotations {
  /** The rotation of that id; else the unfinished one of the same scope; else a new one. */
  begin(rotation: NewRotation): Promise<KeyRotation>
  /** Works at it until it has finished or the time is over; several may, and each may die at any moment. */
  advance(rotationId: string, workMs: number): Promise<KeyRotation>
}

/** Which keys there are, and what is sealed under them. */
export interface KeyStatus {
  readonly currentKekId: string
  readonly dataKeys: readonly { readonly kekId: string; readonly state: DataKeyState; readonly count: number }[]
  readonly connectionsOnActiveKey: number
  readonly connectionsOnOldKey: number
  /** The newest ones, the newest first. */
  readonly rotations: readonly KeyRotation[]
}

/** Tells of the keys, and gives none out. */
export interface KeyStatusReader {
  read(): Promise<KeyStatus>
}
