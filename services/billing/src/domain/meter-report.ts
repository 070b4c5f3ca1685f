/** What the payment provider's meter was told of one record of usage. */
export interface Metering {
  /** The record's quantity now. */
  readonly quantity: number
  /** What the meter has taken, over all reports. */
  readonly reported: number
  /** What the report under way says; undefined when none is. */
  readonly pending: number | undefined
  /** The number of the report under way, or else of the last one; 0 before the first. */
  readonly number: number
}

/** A report with its number, which stays what it is until the meter has taken it: sent twice, it counts once. */
export interface MeterReport {
  readonly number: number
  readonly quantity: number
}

/** The report to send next: the one under way, else what is still missing; undefined when nothing is. */
export function nextReport({ quantity, reported, pending, number }: Metering): MeterReport | undefined {
  if (pending !== undefined) return { number, quantity: pending }
  return quantity > reported ? { number: number + 1, quantity: quantity - reported } : undefined
}

/** The meter's name of a report: the first one is called as its record. */
export function reportIdentifier(usageId: string, number: number): string {
  return number === 1 ? usageId : `${usageId}.${number}`
}

/** Which report an identifier names, for `reportIdentifier` gave it; undefined for any other, since whoever has our key can name theirs as they like. */
export function namedReport(identifier: string): { readonly usageId: string; readonly number: number } | undefined {
  const [, usageId, number] = /^(usg_[0-9a-z]{1,36})(?:\.([1-9]\d{0,8}))?$/.exec(identifier) ?? []
  if (usageId === undefined) return undefined
  if (number === undefined) return { usageId, number: 1 }
  return number === '1' ? undefined : { usageId, number: Number(number) }
}

const dayMs = 24 * 60 * 60_000

/**
 * Whether the meter may have forgotten the identifier of a report that was tried before, which it does after a day: where an
 * earlier try reached it, a use counts twice.
 */
export function mayCountTwice({ attempts, waitsSince }: { attempts: number; waitsSince: Date }, now: Date): boolean {
  return attempts > 1 && now.getTime() - waitsSince.getTime() >= dayMs
}

/** The meter takes 35 days past and 5 minutes future; the margins are for the way and for clocks that differ. */
const pastMs = 35 * dayMs - 60 * 60_000
const futureMs = 4 * 60_000

/** When a use is reported to have been: the nearest instant that the meter takes. */
export function meterTime(usedAt: Date, now: Date): { readonly at: Date; readonly clamped: boolean } {
  const ms = Math.min(Math.max(usedAt.getTime(), now.getTime() - pastMs), now.getTime() + futureMs)
  return { at: new Date(ms), clamped: ms !== usedAt.getTime() }
}
