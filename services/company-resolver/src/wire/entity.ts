import type { EventSource } from '@frontdesk/contracts'
import { type Entity, platformScope } from '../domain/entity.ts'

/** What the event is about; undefined if its provider names nothing. */
export function entityOf({ provider, connectionId, entityType, entityId }: EventSource): Entity | undefined {
  return entityType && entityId ? { provider, scope: connectionId || platformScope, type: entityType, id: entityId } : undefined
}
