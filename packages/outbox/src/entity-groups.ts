import type { ReceivedEvent } from '@frontdesk/bus'

/**
 * Cuts a batch into groups of about `size`, each for one commit. The events of one entity stay together
 * and in order, so that groups which commit side by side seldom touch the same rows.
 */
export function groupByEntity(events: readonly ReceivedEvent[], size: number): ReceivedEvent[][] {
  const groups: ReceivedEvent[][] = []
  const groupOfEntity = new Map<string, ReceivedEvent[]>()
  for (const event of events) {
    const entity = event.envelope.subject
    let group = groupOfEntity.get(entity)
    if (!group) {
      const newest = groups.at(-1)
      group = newest && newest.length < size ? newest : []
      if (group !== newest) groups.push(group)
      groupOfEntity.set(entity, group)
    }
    group.push(event)
  }
  return groups
}
