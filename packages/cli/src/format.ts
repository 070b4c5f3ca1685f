/** The text without what a terminal would obey: payloads are written by strangers. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- they are what we look for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}')
}

/** Columns under their headings, each as wide as its widest cell; the last one may be of any width. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return printable([headings, ...rows].map(line).join('\n'))
}

/** Names and values under each other; those without a value are left out. */
export function fields(values: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(values).filter(([, value]) => value)
  const width = Math.max(0, ...present.map(([name]) => name.length))
  return printable(present.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n'))
}

/** ISO 8601 in UTC; nothing for no time. */
export function instant(date: Date | undefined): string {
  return date?.toISOString() ?? ''
}

/** A member of a proto enum as people say it: `EVIDENCE_KIND_PHONE_NUMBER` without its prefix is `phone number`. */
export function enumName(value: string, prefix: string): string {
  return (value.startsWith(prefix) ? value.slice(prefix.length) : value).toLowerCase().replaceAll('_', ' ')
}

/** Four digits; what would round to certainty says so instead. */
export function probability(value: number): string {
  if (value > 0.9999 && value < 1) return '>0.9999'
  if (value > 0 && value < 0.0001) return '<0.0001'
  return value.toFixed(4)
}

/** One JSON document. */
export function json(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}
