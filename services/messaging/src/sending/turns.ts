import { setTimeout as wait } from 'node:timers/promises'

/** Spaces what goes out from each number evenly, so many a second; a turn is a promise to be awaited. */
export function createTurns(perSecond: number, now: () => number = () => performance.now()): (phoneNumberId: string) => Promise<void> {
  const spacingMs = 1_000 / perSecond
  const nextAt = new Map<string, number>()
  return async (phoneNumberId) => {
    const at = now()
    // Numbers that are at rest are forgotten.
    for (const [id, until] of nextAt) if (until <= at) nextAt.delete(id)
    const turn = nextAt.get(phoneNumberId) ?? at
    nextAt.set(phoneNumberId, turn + spacingMs)
    if (turn > at) await wait(turn - at)
  }
}
