import type { Anchor, DeadLetter, SubscriberStore } from '../src/index.ts'

/** A store as another team might write one, for one process. */
export function memoryStore(): { store: SubscriberStore<unknown>; letters: DeadLetter[] } {
  const handled = new Set<string>()
  const letters: DeadLetter[] = []
  const anchors = new Map<string, Anchor>()
  const keyOf = ({ id, revision }: { id: string; revision: number }) => `${id}.${revision}`
  /** One after the other, since two lanes may bring the same event at once. */
  let turn: Promise<unknown> = Promise.resolve()

  const store: SubscriberStore<unknown> = {
    once(_, events, effect) {
      const turnBefore = turn
      const takeTurn = async () => {
        await turnBefore
        const taken = new Set<string>()
        const fresh = events.filter((event) => !handled.has(keyOf(event)) && taken.size < taken.add(keyOf(event)).size)
        await effect(undefined, fresh)
        for (const key of taken) handled.add(key)
      }
      const mine = takeTurn()
      turn = mine.catch(() => undefined)
      return mine
    },
    bury(_, dead) {
      letters.push(...dead.filter((letter) => !handled.has(keyOf(letter))))
      for (const letter of dead) handled.add(keyOf(letter))
      return Promise.resolve()
    },
    readAnchor: (inbox, lane) => Promise.resolve(anchors.get(`${inbox}/${lane}`)),
    saveAnchor(inbox, lane, anchor) {
      anchors.set(`${inbox}/${lane}`, anchor)
      return Promise.resolve()
    },
  }
  return { store, letters }
}
