/** One in so many attributed events is put to review at random, so that a fit is not made of hard cases alone. */
export const auditedOneIn = 500

/** The chance of an attributed event to be drawn. */
export const auditPropensity = 1 / auditedOneIn

/** Whether an attributed event is drawn. Its id is a hash, so the draw is even, and every replica and each replay draws the same. */
export function isDrawn(eventId: string): boolean {
  return Number.parseInt(eventId.slice(0, 12), 16) % auditedOneIn === 0
}
