/** The work's result, or what `late` makes of it when that takes too long; the work itself goes on. */
export async function withinTime<Value>(work: Promise<Value>, timeoutMs: number, late: (timeoutMs: number) => Error): Promise<Value> {
  const tooLate = Promise.withResolvers<never>()
  const timer = setTimeout(() => tooLate.reject(late(timeoutMs)), timeoutMs)
  try {
    return await Promise.race([work, tooLate.promise])
  } finally {
    clearTimeout(timer)
  }
}
