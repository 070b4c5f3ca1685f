/** What a load generator is to do. */
export interface LoadPlan {
  readonly url: string
  readonly apiKey: string
  /** Names the run: its events are nobody else's. */
  readonly run: string
  readonly connections: number
  readonly warmUpSeconds: number
  readonly seconds: number
  /** One in so many requests repeats an earlier one of the run. */
  readonly duplicateEvery: number
  /** As many events are signed before it begins; what is needed beyond that is signed on the way. */
  readonly presigned: number
  /** Requests due each second, whatever becomes of them; as many as are answered when left out. */
  readonly ratePerSecond?: number | undefined
}

/** What came of it; times in ms, of what was answered after the warm-up. */
export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Requests from the first of the warm-up to the last. */
  readonly requests: number
  /** By status or error; of all that was no 200. */
  readonly failures: Readonly<Record<string, number>>
  /** As the answers tell. */
  readonly accepted: number
  readonly duplicates: number
  /** Different events that were answered with 200 at least once. */
  readonly distinct: number
}
