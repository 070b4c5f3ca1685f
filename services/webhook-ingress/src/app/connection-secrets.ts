import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { ChangedConnections, ConnectionSecrets, Directory, SecretStore } from './ports.ts'

const pageSize = 500
/** How many unknown ids are remembered as asked; an attacker can make up more, and then only costs himself a slot. */
const askedLimit = 10_000
/** Questions about ids that we do not know, under way at once: whoever makes ids up must not keep the directory busy. */
const askingLimit = 16

export interface ConnectionSecretsDependencies {
  readonly directory: Directory
  readonly store: SecretStore
  /** Told when the sealed copy could not be written. */
  readonly onNotKept: (error: unknown) => void
  /** Milliseconds, monotonic. */
  readonly now: () => number
  /** The least time between two questions to the directory about one connection. */
  readonly askAgainAfterMs?: number
}

/** The secrets by which deliveries to connections are verified: in memory, on disk, and in the directory, in that order. */
export interface ConnectionSecretsCache {
  /** What is known; undefined for an unknown connection. */
  get(connectionId: string): ConnectionSecrets | undefined
  /**
   * Asks the directory about one connection, at most once a second for each; whoever asks in between shares that answer.
   * @throws FrontdeskError `unavailable` when the directory can't be reached.
   */
  ask(connectionId: string): Promise<ConnectionSecrets | undefined>
  /** Reads the sealed copy; call once before serving. */
  load(): Promise<void>
  /** Brings everything that changed in the directory. */
  poll(): Promise<void>
}

export function createConnectionSecrets(deps: ConnectionSecretsDependencies): ConnectionSecretsCache {
  const askAgainAfterMs = deps.askAgainAfterMs ?? 1_000
  const known = new Map<string, ConnectionSecrets>()
  // Whoever asks within the same second shares the answer, the one that is still on its way included.
  const asked = new Map<string, { readonly atMs: number; readonly answer: Promise<ConnectionSecrets | undefined> }>()
  // Only a poll may raise the cursor: an answer about one connection says nothing of the versions below its own.
  let cursor = 0n
  let askingOfUnknown = 0

  function learn(connections: readonly ConnectionSecrets[]): readonly ConnectionSecrets[] {
    const fresh = connections.filter((connection) => connection.version > (known.get(connection.connectionId)?.version ?? 0n))
    for (const connection of fresh) known.set(connection.connectionId, connection)
    return fresh
  }

  /** The copy on disk is for the next start: no webhook waits for it, and none is refused for its sake. */
  async function keep(connections: readonly ConnectionSecrets[]): Promise<void> {
    try {
      await deps.store.save(connections)
    } catch (error) {
      deps.onNotKept(error)
    }
  }

  async function askDirectory(connectionId: string): Promise<ConnectionSecrets | undefined> {
    const found = await deps.directory.find(connectionId).catch((error: unknown) => {
      throw isFrontdeskError(error, 'unavailable') ? error : notNow('the directory failed', error)
    })
    if (found) void keep(learn([found]))
    return known.get(connectionId)
  }

  function makeRoom(): void {
    const oldest = asked.keys().next()
    if (asked.size >= askedLimit && !oldest.done) asked.delete(oldest.value)
  }

  return {
    get: (connectionId) => known.get(connectionId),

    ask(connectionId) {
      const last = asked.get(connectionId)
      if (last && deps.now() - last.atMs < askAgainAfterMs) return last.answer
      const isKnown = known.has(connectionId)
      if (!isKnown && askingOfUnknown >= askingLimit) return Promise.reject(notNow('too many unknown connections are being looked up'))
      if (!isKnown) askingOfUnknown += 1
      const answer = askDirectory(connectionId).finally(() => {
        if (!isKnown) askingOfUnknown -= 1
      })
      asked.delete(connectionId)
      makeRoom()
      asked.set(connectionId, { atMs: deps.now(), answer })
      return answer
    },

    async load() {
      for (const connection of await deps.store.all()) known.set(connection.connectionId, connection)
    },

    async poll() {
      let page: ChangedConnections
      do {
        page = await deps.directory.changedSince(cursor, pageSize)
        await keep(learn(page.connections))
        cursor = page.nextVersion > cursor ? page.nextVersion : cursor
      } while (page.hasMore)
    },
  }
}

function notNow(detail: string, cause?: unknown): FrontdeskError {
  const publicMessage = 'The connection can’t be looked up now. Send again.'
  return new FrontdeskError('unavailable', { publicMessage, detail, cause, retryAfterMs: 1_000 })
}
