import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream'

const notFoundCodes: ReadonlySet<number> = new Set([JetStreamApiCodes.StreamNotFound, JetStreamApiCodes.ConsumerNotFound])

/** What the broker answers; undefined if there is no such stream or durable. */
export async function undefinedIfMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof JetStreamApiError && notFoundCodes.has(error.code)) return undefined
    throw error
  }
}
