/** One attributed event in so many is looked at by a person. */
const oneIn = 500

/** The chance of an attributed event to be drawn. */
export const auditPropensity = 1 / oneIn

/** Whether an attributed event is drawn. Its id is a hash, so the draw is even, and every replica and each replay draws the same. */
export function isDrawn(eventId: string): boolean {
  return Number.parseInt(eventId.slice(0, 12), 16) % oneIn === 0
}
