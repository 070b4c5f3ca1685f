/** A row of ours, by the stream sequence at which its message should be. */
export interface Positioned {
  readonly sequence: number
}

/** How the rows are looked at: each call is a query or a request to the broker. */
export interface LastHeldOptions<Row extends Positioned> {
  /** Everything at or below it is there, or is none of our concern. */
  readonly heldThrough: number
  /** The sequence of a row whose message is gone. */
  readonly lostAt: number
  readonly newestAtOrBelow: (sequence: number) => Promise<Row | undefined>
  readonly isHeld: (row: Row) => Promise<boolean>
}

/**
 * Bisects to where the loss begins: a sequence of which no row above is held up to `lostAt`, and no row at or below is
 * lost, where the stream lost its tail. Costs a look at some 2·log₂(lostAt − heldThrough) rows at most.
 */
export async function findLastHeld<Row extends Positioned>(options: LastHeldOptions<Row>): Promise<number> {
  const { newestAtOrBelow, isHeld } = options
  let held = options.heldThrough
  let lost = options.lostAt
  while (lost - held > 1) {
    const middle = Math.floor((held + lost) / 2)
    // Each step follows from the one before.
    const row = await newestAtOrBelow(middle)
    // Where there is no row between, nothing can be lost.
    if (!row || row.sequence <= held) held = middle
    else if (await isHeld(row)) held = middle
    else lost = row.sequence
  }
  return held
}
