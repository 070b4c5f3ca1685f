import { createHash, randomBytes } from 'node:crypto'
import { FrontdeskError } from '@frontdesk/errors'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { RateLimits } from '../app/ports.ts'
import { addressGroup } from './address-group.ts'

export interface RateLimitOptions {
  /** Verified deliveries of one connection in a second, in this process. */
  readonly connectionPerSecond: number
  /** Deliveries from one address that proved nothing, in a minute, in this process. */
  readonly unprovenPerMinute: number
}

/** A burst may use up this much time's share at once. */
const burstSeconds = 10
const minuteSeconds = 60
/** Addresses share these by hash: however many there are, memory is bounded, and only failures ever meet in one. */
const addressBuckets = 16_384

/** Rate limits in this process's memory. */
export function createRateLimits({ connectionPerSecond, unprovenPerMinute }: RateLimitOptions): RateLimits {
  const ofConnections = new RateLimiterMemory({ points: connectionPerSecond * burstSeconds, duration: burstSeconds })
  const ofAddresses = new RateLimiterMemory({ points: unprovenPerMinute, duration: minuteSeconds })
  // Nobody can aim at another's bucket.
  const salt = randomBytes(16)
  const bucketOf = (address: string) =>
    createHash('sha256').update(salt).update(addressGroup(address)).digest().readUInt32BE() % addressBuckets

  return {
    async checkConnection(connectionId) {
      const used = await ofConnections.get(connectionId)
      if (used && used.consumedPoints >= ofConnections.points) throw tooManyOfConnection(used)
    },
    takeOfConnection: (connectionId) => take(ofConnections, connectionId, tooManyOfConnection),
    async checkAddress(address) {
      const used = await ofAddresses.get(bucketOf(address))
      if (used && used.consumedPoints >= ofAddresses.points) throw tooManyUnproven(used)
    },
    takeOfAddress: (address) => take(ofAddresses, bucketOf(address), tooManyUnproven),
  }
}

async function take(limiter: RateLimiterMemory, key: string | number, refusal: (used: RateLimiterRes) => FrontdeskError): Promise<void> {
  try {
    await limiter.consume(key)
  } catch (error) {
    throw error instanceof RateLimiterRes ? refusal(error) : error
  }
}

function tooManyOfConnection({ msBeforeNext }: RateLimiterRes): FrontdeskError {
  return new FrontdeskError('rate_limited', {
    publicMessage: 'The connection sends too much. Send it again later.',
    retryAfterMs: msBeforeNext,
  })
}

function tooManyUnproven({ msBeforeNext }: RateLimiterRes): FrontdeskError {
  return new FrontdeskError('rate_limited', {
    publicMessage:
      'Too many deliveries from this address were not signed by the secret that we have. Compare the secrets, then send it again.',
    retryAfterMs: msBeforeNext,
  })
}
