import { createConnection, type Connection as DriverConnection, type ConnectionOptions, type PrepareStatementInfo } from 'mysql2'
import { ConnectionLostError, toDatabaseError } from './database-errors.ts'
import type { DriverResult } from './driver-result.ts'
import { pipeline, type Step } from './pipeline.ts'
import { toDriverValue } from './sql-value.ts'

/** How connections are made. */
export interface ConnectionSettings {
  readonly url: string
  readonly connectTimeoutMs: number
  /** The server ends a statement at this age; we end the connection a second later, should it not. 0 for no limit. */
  readonly statementTimeoutMs: number
}

/** One statement; `asArrays` is Drizzle's form of rows: lists of values, with dates as text. */
export interface Statement {
  readonly sql: string
  readonly params: readonly unknown[]
  readonly asArrays?: boolean
}

type Callback<Result> = (error: Error | null, ...results: Result[]) => void

const statementsKept = 200
/** Fewer than are kept: each is still there when its turn comes. */
const stepsPerWrite = 100
const answerGraceMs = 1_000

/**
 * One connection whose every call ends: mysql2 forgets what is under way when a connection is destroyed, and
 * has no time limit that leaves the connection usable.
 */
export class Connection {
  /** Set by who may have changed the session; a release then resets it. */
  dirty = false
  readonly #driver: DriverConnection
  readonly #settings: ConnectionSettings
  /** Few, and no Set: the tables that one leaves behind keep what was deleted, here all rows of a statement, until V8 collects its old space. */
  #pending: ((error: Error) => void)[] = []
  readonly #lost = new AbortController()
  /** Whether a statement commits by itself. */
  #autocommit = true
  /** By text, the one used last as the last. */
  readonly #prepared = new Map<string, PrepareStatementInfo>()
  /** Until what was asked for before has been handed to the driver, which a statement that has to be prepared is later than one that has not. */
  #handedOver: Promise<void> = Promise.resolve()

  private constructor(driver: DriverConnection, settings: ConnectionSettings) {
    this.#driver = driver
    this.#settings = settings
    driver.on('error', (error: Error) => this.destroy(error))
    driver.on('end', () => this.destroy(new Error('the server closed the connection')))
  }

  /** @throws FrontdeskError unavailable */
  static async open(settings: ConnectionSettings): Promise<Connection> {
    const connection = new Connection(createConnection(driverOptions(settings)), settings)
    await connection.#run<void>(settings.connectTimeoutMs, (done) => connection.#driver.connect(done))
    try {
      await connection.#setUp()
    } catch (error) {
      connection.destroy(error)
      throw error
    }
    return connection
  }

  /** Aborted, with the reason, when the connection is gone. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get threadId(): number {
    return this.#driver.threadId
  }

  /** Runs a statement prepared, which commits by itself: blobs travel as they are, and the server parses each text once. */
  async execute(statement: Statement): Promise<DriverResult> {
    return only(await this.#send([statement], true))
  }

  /** Runs a text without parameters that is of no use to prepare, such as SET. */
  async command(sql: string): Promise<void> {
    only(await this.#send([sql], true))
  }

  /**
   * Sends texts and statements in one write; each runs whatever came of those before, and has its outcome in its place. The first
   * begins a transaction, since none commits by itself: what is sent after one that a deadlock ended, and its transaction
   * with it, must not stay.
   * @throws ConnectionLostError
   */
  async executeAll(steps: readonly (string | Statement)[]): Promise<PromiseSettledResult<DriverResult>[]> {
    const outcomes: PromiseSettledResult<DriverResult>[] = []
    for (let start = 0; start < steps.length; start += stepsPerWrite) {
      outcomes.push(...(await this.#send(steps.slice(start, start + stepsPerWrite), false)))
    }
    return outcomes
  }

  /** In the order of the calls: a commit must not overtake what it is to commit. */
  async #send(steps: readonly (string | Statement)[], autocommit: boolean): Promise<PromiseSettledResult<DriverResult>[]> {
    const before = this.#handedOver
    const handed = Promise.withResolvers<void>()
    this.#handedOver = handed.promise
    await before
    try {
      const prepared = await Promise.all(steps.map(async (step) => (typeof step === 'string' ? step : this.#stepOf(step))))
      const answered = this.#sendPrepared(prepared, autocommit)
      handed.resolve()
      return await answered
    } finally {
      handed.resolve()
    }
  }

  async #sendPrepared(prepared: readonly Step[], autocommit: boolean): Promise<PromiseSettledResult<DriverResult>[]> {
    const before = this.#autocommit === autocommit ? [] : [`set autocommit = ${autocommit ? 1 : 0}`]
    this.#autocommit = autocommit
    const all = await this.#run<PromiseSettledResult<DriverResult>[]>(this.#answerWithinMs, (done, answered) => {
      pipeline(this.#driver, [...before, ...prepared], { done: (outcomes) => done(null, outcomes), answered })
    })
    const outcomes = all.map(inOurTerms)
    const fatal = outcomes.find((outcome, index) => outcome.status === 'rejected' && (index < before.length || isLoss(outcome.reason)))
    if (fatal?.status === 'rejected') {
      this.destroy(fatal.reason)
      throw this.lost.reason
    }
    return outcomes.slice(before.length)
  }

  async ping(): Promise<void> {
    await this.#run<void>(this.#answerWithinMs, (done) => this.#driver.ping(done))
  }

  /** Makes the session as new: no transaction, no locks, no variables, no prepared statements. */
  async reset(): Promise<void> {
    // What is still being prepared would be sent to a session that knows it no more.
    await this.#handedOver
    await this.#run<void>(this.#answerWithinMs, (done) => this.#driver.reset(done))
    this.#prepared.clear()
    this.#autocommit = true
    await this.#setUp()
    this.dirty = false
  }

  /** Says goodbye to the server. */
  async end(): Promise<void> {
    if (this.lost.aborted) return
    await this.#run<void>(answerGraceMs, (done) => this.#driver.end(done)).catch(() => undefined)
    this.destroy(new Error('closed by us'))
  }

  /** Cuts the connection; whatever is under way on it fails with the reason. */
  destroy(reason: unknown): void {
    if (this.lost.aborted) return
    const error = reason instanceof ConnectionLostError ? reason : new ConnectionLostError(reason)
    this.#lost.abort(error)
    for (const reject of this.#pending.splice(0)) reject(error)
    this.#driver.destroy()
  }

  get #answerWithinMs(): number {
    const { statementTimeoutMs } = this.#settings
    return statementTimeoutMs === 0 ? 0 : statementTimeoutMs + answerGraceMs
  }

  async #setUp(): Promise<void> {
    await this.command(sessionVariables(this.#settings.statementTimeoutMs))
    await this.command('set session transaction isolation level read committed')
  }

  async #stepOf({ sql, params, asArrays = false }: Statement): Promise<Step> {
    const prepared = this.#prepared.get(sql) ?? (await this.#prepare(sql))
    // Once more the last: a Map keeps the order of insertion.
    this.#prepared.delete(sql)
    this.#prepared.set(sql, prepared)
    return { prepared, values: params.map(toDriverValue), form: { rowsAsArray: asArrays, dateStrings: asArrays } }
  }

  /** The driver keeps statements, too, but makes and hashes a text of its own from each text to find one. */
  async #prepare(sql: string): Promise<PrepareStatementInfo> {
    const prepared = await this.#run<PrepareStatementInfo>(this.#answerWithinMs, (done) => this.#driver.prepare(sql, done))
    const [oldest] = this.#prepared.keys()
    if (oldest !== undefined && this.#prepared.size >= statementsKept) {
      this.#prepared.delete(oldest)
      this.#driver.unprepare(oldest)
    }
    return prepared
  }

  /** `answered` says that some of the answer is there, from when on the time counts anew. */
  #run<Result>(timeoutMs: number, start: (done: Callback<Result>, answered: () => void) => void): Promise<Result> {
    return new Promise((resolve, reject: (error: unknown) => void) => {
      if (this.lost.aborted) return reject(this.lost.reason)
      const timer = timeoutMs > 0 ? setTimeout(() => this.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs) : undefined
      this.#pending.push(reject)
      const settle = () => {
        clearTimeout(timer)
        this.#pending = this.#pending.filter((other) => other !== reject)
      }
      const fail = (error: unknown) => {
        settle()
        const ours = toDatabaseError(error)
        if (ours instanceof ConnectionLostError) this.destroy(ours)
        reject(this.lost.aborted ? this.lost.reason : ours)
      }
      try {
        start(
          (error, result) => {
            if (error) return fail(error)
            settle()
            resolve(result)
          },
          () => timer?.refresh(),
        )
      } catch (error) {
        fail(error)
      }
    })
  }
}

/** The one result that there is. @throws what its statement failed by */
function only([outcome]: readonly PromiseSettledResult<DriverResult>[]): DriverResult {
  if (outcome?.status === 'fulfilled') return outcome.value
  throw outcome?.reason
}

function isLoss(reason: unknown): boolean {
  return reason instanceof ConnectionLostError
}

function inOurTerms(outcome: PromiseSettledResult<DriverResult>): PromiseSettledResult<DriverResult> {
  return outcome.status === 'fulfilled' ? outcome : { status: 'rejected', reason: toDatabaseError(outcome.reason) }
}

function driverOptions({ url, connectTimeoutMs }: ConnectionSettings): ConnectionOptions {
  return {
    uri: url,
    connectTimeout: connectTimeoutMs,
    // We end them ourselves: the driver must not end one that we still count on.
    maxPreparedStatements: 2 * statementsKept,
    timezone: 'Z',
    charset: 'utf8mb4',
    // Text on MySQL and MariaDB alike; the json column parses it.
    jsonStrings: true,
    supportBigNumbers: true,
    flags: ['-LOCAL_FILES'],
  }
}

/** The mode is MySQL's default, so that MariaDB refuses the same; row locks end early enough to be tried again. */
function sessionVariables(statementTimeoutMs: number): string {
  const modes = [
    'ONLY_FULL_GROUP_BY',
    'STRICT_TRANS_TABLES',
    'NO_ZERO_IN_DATE',
    'NO_ZERO_DATE',
    'ERROR_FOR_DIVISION_BY_ZERO',
    'NO_ENGINE_SUBSTITUTION',
  ]
  const lockWaitSeconds = statementTimeoutMs === 0 ? 50 : Math.max(1, Math.floor(statementTimeoutMs / 2_000))
  // Each server reads its own executable comment alone.
  const limits = `/*M! , max_statement_time = ${statementTimeoutMs / 1_000} */ /*!80000 , max_execution_time = ${statementTimeoutMs} */`
  return `set time_zone = '+00:00', sql_mode = '${modes.join(',')}', innodb_lock_wait_timeout = ${lockWaitSeconds} ${limits}`
}
