/** `(?, ?), (?, ?)`: the placeholders of a multi-row insert; a constant may follow in each row. */
export function sqlTuples(rows: number, columns: number, constant?: string): string {
  const row = `(${sqlList(columns)}${constant === undefined ? '' : `, ${constant}`})`
  return Array.from({ length: rows }, () => row).join(', ')
}

/** `?, ?, ?` */
export function sqlList(length: number): string {
  return Array.from({ length }, () => '?').join(', ')
}

/** A DATETIME(3) literal in UTC. */
export function sqlInstant(date: Date): string {
  return date.toISOString().slice(0, 23).replace('T', ' ')
}

/** The text cut to so many bytes of UTF-8, since a VARBINARY counts bytes and refuses one too many. */
export function clipped(text: string, bytes: number): string {
  if (text.length * 3 <= bytes) return text
  return new TextDecoder().decode(Buffer.from(text).subarray(0, bytes), { stream: true })
}
