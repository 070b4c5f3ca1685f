import type { Connection } from './connection.ts'
import { unavailable } from './database-errors.ts'

/** Why somebody got no connection. */
export type RefusalReason = 'queue_full' | 'timeout' | 'connect_failed' | 'closed'

/** What a pool needs to know and whom it tells. */
export interface PoolOptions {
  readonly open: () => Promise<Connection>
  readonly size: number
  readonly queueLimit: number
  readonly acquireTimeoutMs: number
  readonly onRefused: (reason: RefusalReason) => void
  readonly onAcquired: (waitedMs: number) => void
}

interface Waiter {
  readonly since: number
  readonly timer: NodeJS.Timeout
  resolve(connection: Connection): void
  reject(reason: RefusalReason, cause?: unknown): void
}

/**
 * A bounded pool with a bounded queue. mysql2's own has no acquire time-out, and resetting a session there
 * drops its prepared statements at every release and leaves no place to set the session up again.
 */
export class ConnectionPool {
  readonly #options: PoolOptions
  readonly #all = new Set<Connection>()
  readonly #idle: Connection[] = []
  readonly #waiting = new Set<Waiter>()
  #opening = 0
  #inUse = 0
  #drained: PromiseWithResolvers<void> | undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get counts(): { inUse: number; idle: number; waiting: number } {
    return { inUse: this.#inUse, idle: this.#idle.length, waiting: this.#waiting.size }
  }

  /** Whether every connection is in use, so that the next caller has to wait. */
  get isExhausted(): boolean {
    return this.#idle.length === 0 && this.#all.size + this.#opening >= this.#options.size
  }

  /** @throws FrontdeskError unavailable, at once when the queue is full, else within the acquire time-out. */
  async acquire(): Promise<Connection> {
    if (this.#drained) throw this.#refuse('closed')
    const connection = this.#idle.pop()
    if (connection) {
      this.#inUse++
      this.#options.onAcquired(0)
      return connection
    }
    const { promise, resolve, reject } = Promise.withResolvers<Connection>()
    const canOpen = this.#all.size + this.#opening < this.#options.size
    if (!canOpen && this.#waiting.size - this.#opening >= this.#options.queueLimit) throw this.#refuse('queue_full')
    const waiter: Waiter = {
      since: performance.now(),
      timer: setTimeout(() => waiter.reject('timeout'), this.#options.acquireTimeoutMs),
      resolve,
      reject: (reason, cause) => {
        this.#leaveQueue(waiter)
        reject(this.#refuse(reason, cause))
      },
    }
    this.#waiting.add(waiter)
    this.#openForWaiting()
    return promise
  }

  /** Takes a connection back: a dirty one is reset first, a lost one is forgotten. */
  async release(connection: Connection): Promise<void> {
    this.#inUse--
    if (connection.dirty && !connection.lost.aborted) {
      try {
        await connection.reset()
      } catch (error) {
        connection.destroy(error)
      }
    }
    if (!connection.lost.aborted) this.#offer(connection)
    this.#resolveIfDrained()
  }

  /** Refuses newcomers, waits for who has a connection, then cuts off those who keep theirs for longer than this. */
  async close(graceMs: number): Promise<void> {
    if (this.#drained) return this.#drained.promise
    this.#drained = Promise.withResolvers()
    for (const waiter of this.#waiting) waiter.reject('closed')
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end()))
    const timer = setTimeout(() => {
      for (const connection of this.#all) connection.destroy(new Error('the pool is closed'))
      this.#drained?.resolve()
    }, graceMs)
    this.#resolveIfDrained()
    await this.#drained.promise
    clearTimeout(timer)
  }

  #offer(connection: Connection): void {
    if (this.#drained) {
      void connection.end()
      return
    }
    const [waiter] = this.#waiting
    if (!waiter) {
      this.#idle.push(connection)
      return
    }
    this.#leaveQueue(waiter)
    this.#inUse++
    this.#options.onAcquired(performance.now() - waiter.since)
    waiter.resolve(connection)
  }

  #openForWaiting(): void {
    while (!this.#drained && this.#waiting.size > this.#opening && this.#all.size + this.#opening < this.#options.size) void this.#openOne()
  }

  async #openOne(): Promise<void> {
    this.#opening++
    try {
      const connection = await this.#options.open()
      this.#opening--
      this.#all.add(connection)
      connection.lost.addEventListener('abort', () => this.#forget(connection))
      if (connection.lost.aborted) this.#forget(connection)
      else this.#offer(connection)
    } catch (error) {
      this.#opening--
      const [waiter] = this.#waiting
      waiter?.reject('connect_failed', error)
      this.#openForWaiting()
    }
    this.#resolveIfDrained()
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection)
    const index = this.#idle.indexOf(connection)
    if (index >= 0) this.#idle.splice(index, 1)
    this.#openForWaiting()
  }

  #leaveQueue(waiter: Waiter): void {
    clearTimeout(waiter.timer)
    this.#waiting.delete(waiter)
  }

  #refuse(reason: RefusalReason, cause?: unknown): Error {
    this.#options.onRefused(reason)
    const { inUse, waiting } = this.counts
    return unavailable(`no connection: ${reason}, ${inUse} in use, ${waiting} waiting`, cause)
  }

  #resolveIfDrained(): void {
    if (this.#inUse === 0 && this.#opening === 0) this.#drained?.resolve()
  }
}
