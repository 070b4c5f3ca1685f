import { FrontdeskError } from '@frontdesk/errors'

/** One caller's share of a group: its bytes count towards the group's cap. */
export interface GroupMember<Item> {
  readonly item: Item
  readonly bytes: number
}

export interface GroupCommitOptions<Item, Result> {
  /** Commits all items in one transaction and gives one result each, in their order. */
  readonly commit: (items: readonly Item[]) => Promise<readonly Result[]>
  /** Whether the failure may be one member's fault, so that the others deserve a try of their own. */
  readonly worthSplitting: (error: unknown) => boolean
  readonly maxItems: number
  /** How long the first of a group waits for others to share its round trips, unless so many are there by then. */
  readonly gather: { readonly ms: number; readonly items: number }
  /** Keeps a group below the server's max_allowed_packet. */
  readonly maxBytes: number
  /** Groups under way at once. */
  readonly concurrency: number
  /** Bytes that may wait before further callers are refused. */
  readonly queueBytesLimit: number
  /** How long a caller waits before it is told `unavailable`; an item that is being written by then may be committed all the same. */
  readonly timeoutMs: number
}

export interface GroupCommit<Item, Result> {
  /**
   * Resolves with the item's result once its group is committed.
   * @throws FrontdeskError `unavailable` when the queue is full or the time is up.
   */
  submit(member: GroupMember<Item>): Promise<Result>
  /** Resolves when nothing waits or is under way. */
  idle(): Promise<void>
}

interface Waiting<Item, Result> extends GroupMember<Item> {
  readonly resolve: (result: Result) => void
  readonly reject: (error: unknown) => void
}

/** Lets concurrent callers share one commit: what arrives while a group is being written forms the next one. */
export function createGroupCommit<Item, Result>(options: GroupCommitOptions<Item, Result>): GroupCommit<Item, Result> {
  // In the order of arrival, so that whoever gives up is mostly the first. No Set, for what in-flight.ts of packages/bus says.
  let queue: Waiting<Item, Result>[] = []
  const idleWaiters: (() => void)[] = []
  let queuedBytes = 0
  let running = 0
  let scheduled = false
  let gathering: NodeJS.Timeout | undefined
  /** Who waits has waited long enough, and no place was free. */
  let overdue = false

  function leave(waiting: Waiting<Item, Result>): void {
    const at = queue.indexOf(waiting)
    if (at < 0) return
    queue.splice(at, 1)
    queuedBytes -= waiting.bytes
  }

  function takeGroup(): Waiting<Item, Result>[] {
    const group: Waiting<Item, Result>[] = []
    let bytes = 0
    for (const waiting of queue) {
      if (group.length === options.maxItems || (group.length > 0 && bytes + waiting.bytes > options.maxBytes)) break
      bytes += waiting.bytes
      group.push(waiting)
    }
    queuedBytes -= bytes
    queue = queue.slice(group.length)
    return group
  }

  async function run(group: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await options.commit(group.map(({ item }) => item))
      group.forEach((waiting, index) => waiting.resolve(results[index] as Result))
    } catch (error) {
      if (group.length > 1 && options.worthSplitting(error)) await runOneByOne(group)
      else for (const waiting of group) waiting.reject(error)
    }
  }

  /** One after the other: a group that fails must not take more connections than one that does not. */
  async function runOneByOne(group: readonly Waiting<Item, Result>[]): Promise<void> {
    for (const waiting of group) await run([waiting])
  }

  function start(): void {
    scheduled = false
    clearTimeout(gathering)
    gathering = undefined
    overdue = running >= options.concurrency
    while (running < options.concurrency && queue.length > 0) {
      running += 1
      void run(takeGroup()).finally(() => {
        running -= 1
        schedule()
        if (running === 0 && queue.length === 0) for (const wake of idleWaiters.splice(0)) wake()
      })
    }
  }

  function schedule(): void {
    if (scheduled || queue.length === 0) return
    if (queue.length < options.gather.items && !overdue) {
      gathering ??= setTimeout(start, options.gather.ms)
    } else {
      scheduled = true
      // One turn of the event loop lets every request that is already parsed join the group.
      setImmediate(start)
    }
  }

  return {
    submit({ item, bytes }) {
      if (queuedBytes + bytes > options.queueBytesLimit) return Promise.reject(busy('the queue is full'))
      return new Promise<Result>((resolve, reject) => {
        const settled =
          <Value>(settle: (value: Value) => void) =>
          (value: Value) => {
            clearTimeout(timer)
            settle(value)
          }
        const waiting = { item, bytes, resolve: settled(resolve), reject: settled(reject) }
        const timer = setTimeout(() => {
          leave(waiting)
          reject(busy(`no commit within ${options.timeoutMs} ms`))
        }, options.timeoutMs)
        queue.push(waiting)
        queuedBytes += bytes
        schedule()
      })
    },

    idle: () => (running === 0 && queue.length === 0 ? Promise.resolve() : new Promise((resolve) => idleWaiters.push(resolve))),
  }
}

function busy(detail: string): FrontdeskError {
  return new FrontdeskError('unavailable', { publicMessage: 'The ledger can’t take this now. Send it again.', detail, retryAfterMs: 1_000 })
}
