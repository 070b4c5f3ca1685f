/** A DATETIME(3) literal in UTC. */
export function sqlInstant(date: Date): string {
  return date.toISOString().slice(0, 23).replace('T', ' ')
}

/** The text cut to so many bytes of UTF-8, since a VARBINARY counts bytes and refuses one too many. */
export function clipped(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true })
}
