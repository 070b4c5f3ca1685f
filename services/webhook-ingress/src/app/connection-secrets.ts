import { FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import type { ChangedConnections, ConnectionSecrets, Directory, SecretStore } from './ports.ts'
import { type SharedRuns, shareRuns } from './shared-runs.ts'

const pageSize = 500
/** What waits for the directory at once: a webhook takes one place, and one more for each 16 KiB of the body that it holds. */
const places = 1_000
const bytesOfPlace = 16 * 1024
/** Of one connection as many find room, whoever else fills the places; and one webhook always does, however large. */
const placesReserved = 100

export interface ConnectionSecretsDependencies {
  readonly directory: Directory
  readonly store: SecretStore
  /** Told when the sealed copy could not be written. */
  readonly onNotKept: (error: unknown) => void
  readonly clock: () => Date
  /** The least time between two questions about one connection, and between two about what is new (1,000). */
  readonly askAgainAfterMs?: number
}

/** The secrets by which deliveries to connections are verified: in memory, on disk, and in the directory, in that order. */
export interface ConnectionSecretsCache {
  /** What is known; undefined for an unknown connection. */
  get(connectionId: string): ConnectionSecrets | undefined
  /**
   * What the directory says of a connection from now on: of a known one itself, at most once a second for each; an
   * unknown one is looked for in what is new, at most once a second for all of them, however many ids are made up.
   * Whoever asks too soon waits, so that nobody is refused by an answer that is older than his webhook.
   * @throws FrontdeskError `unavailable` when the directory can't be reached, or too many wait for it.
   */
  ask(connectionId: string, bodyBytes: number): Promise<ConnectionSecrets | undefined>
  /** Reads the sealed copy; call once before serving. */
  load(): Promise<void>
  /** Brings everything that changed in the directory, at once, and keeps it. */
  poll(): Promise<void>
  /** Brings a change that the directory told of, unless it is known. */
  learnOf(change: { connectionId: string; version: bigint }): Promise<void>
}

/** What is asked of the directory, and the places of those who wait for the answer. */
interface Question extends SharedRuns<void> {
  placesTaken: number
}

export function createConnectionSecrets(deps: ConnectionSecretsDependencies): ConnectionSecretsCache {
  const askAgainAfterMs = deps.askAgainAfterMs ?? 1_000
  const known = new Map<string, ConnectionSecrets>()
  // Of known connections alone: an id that somebody makes up leaves nothing behind.
  const questions = new Map<string, Question>()
  const news = question(bringNews)
  // Only a poll may raise the cursor: an answer about one connection says nothing of the versions below its own.
  let cursor = 0n
  let placesTaken = 0
  let kept: Promise<void> = Promise.resolve()

  function question(run: () => Promise<void>): Question {
    return { ...shareRuns(run, askAgainAfterMs), placesTaken: 0 }
  }

  /** What verifies now: a previous secret ends by our own clock, whether or not the directory can be asked. */
  function current(connectionId: string): ConnectionSecrets | undefined {
    const connection = known.get(connectionId)
    if (connection?.previousUntil === undefined || connection.previousUntil > deps.clock()) return connection
    const left = { ...connection, secrets: connection.secrets.slice(0, 1), previousUntil: undefined }
    known.set(connectionId, left)
    return left
  }

  function learn(connections: readonly ConnectionSecrets[]): readonly ConnectionSecrets[] {
    const fresh = connections.filter((connection) => connection.version > (known.get(connection.connectionId)?.version ?? 0n))
    for (const connection of fresh) known.set(connection.connectionId, connection)
    return fresh
  }

  /** The copy on disk is for the next start: no webhook waits for it, and none is refused for its sake. */
  function keep(connections: readonly ConnectionSecrets[]): void {
    if (connections.length === 0) return
    // Nothing of the one before: the chain of all of them would never be let go.
    kept = Promise.all([kept, deps.store.save(connections).catch(deps.onNotKept)]).then(() => undefined)
  }

  async function bringNews(): Promise<void> {
    let page: ChangedConnections
    do {
      page = await deps.directory.changedSince(cursor, pageSize)
      keep(learn(page.connections))
      cursor = page.nextVersion > cursor ? page.nextVersion : cursor
    } while (page.hasMore)
  }

  function questionOf(connectionId: string): Question {
    if (!known.has(connectionId)) return news
    const shared = questions.get(connectionId) ?? question(() => askAbout(connectionId))
    questions.set(connectionId, shared)
    return shared
  }

  function take(about: Question, bodyBytes: number): number {
    const taken = 1 + Math.floor(bodyBytes / bytesOfPlace)
    const hasReserve = about.placesTaken === 0 || about.placesTaken + taken <= placesReserved
    if (placesTaken + taken > places && !hasReserve) throw notNow('too many webhooks wait for the directory')
    placesTaken += taken
    about.placesTaken += taken
    return taken
  }

  async function askAbout(connectionId: string): Promise<void> {
    const found = await deps.directory.find(connectionId)
    if (found) keep(learn([found]))
  }

  return {
    get: current,

    async ask(connectionId, bodyBytes) {
      const about = questionOf(connectionId)
      const taken = take(about, bodyBytes)
      try {
        await about.next()
      } catch (error) {
        throw isFrontdeskError(error, 'unavailable') ? error : notNow('the directory failed', error)
      } finally {
        placesTaken -= taken
        about.placesTaken -= taken
      }
      return current(connectionId)
    },

    async load() {
      for (const connection of await deps.store.all()) known.set(connection.connectionId, connection)
    },

    async poll() {
      await news.next({ urgent: true })
      await kept
    },

    async learnOf({ connectionId, version }) {
      if ((known.get(connectionId)?.version ?? 0n) < version) await news.next({ urgent: true })
    },
  }
}

function notNow(detail: string, cause?: unknown): FrontdeskError {
  const publicMessage = 'The connection can’t be looked up now. Send again.'
  return new FrontdeskError('unavailable', { publicMessage, detail, cause, retryAfterMs: 1_000 })
}
