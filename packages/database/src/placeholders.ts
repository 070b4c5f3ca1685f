/** `(?, ?), (?, ?)`: the placeholders of a multi-row insert; a constant may follow in each row. */
export function sqlTuples(rows: number, columns: number, constant?: string): string {
  const row = `(${sqlList(columns)}${constant === undefined ? '' : `, ${constant}`})`
  return Array.from({ length: rows }, () => row).join(', ')
}

/** `?, ?, ?` */
export function sqlList(length: number): string {
  return Array.from({ length }, () => '?').join(', ')
}
