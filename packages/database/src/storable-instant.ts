const firstMs = Date.UTC(1970, 0)
const endMs = Date.UTC(10_000, 0)

/** Whether DATETIME(3) holds the instant on every server and it reads back as it was: 1970 to 9999, and a valid Date at all. */
export function isStorableInstant(instant: Date): boolean {
  const ms = instant.getTime()
  return ms >= firstMs && ms < endMs
}
