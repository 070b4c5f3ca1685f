import { EventEmitter } from 'node:events'
import mysql, { type Connection as DriverConnection, type PrepareStatementInfo } from 'mysql2'
import type { DriverResult } from './driver-result.ts'

/** A text without parameters, or a prepared statement with the driver's values; of neither may the answer be rows as arrays. */
export type Step = string | { readonly prepared: PrepareStatementInfo; readonly values: readonly unknown[] }

type Done = (error: Error | null, ...result: DriverResult) => void

/** One of the driver's own commands as its connection drives it: `true` says that it has had all of its answer. */
interface DriverCommand {
  execute(packet: unknown, connection: DriverInternals): boolean
}

/** What the driver's commands use of their connection, and we of it. */
interface DriverInternals extends DriverConnection {
  readonly stream: { cork(): void; uncork(): void }
  addCommand(command: DriverCommand): void
  _resetSequenceId(): void
  _bumpSequenceId(packets: number): void
}

// The driver's types leave it out.
const { createQuery } = mysql as unknown as {
  readonly createQuery: (sql: string, values: readonly unknown[], done: Done, config: DriverConnection['config']) => DriverCommand
}

/**
 * Sends all steps in one write, and tells of each one's outcome in their order once there are all. The protocol lets a client send a command
 * before the one before is answered; the server takes them one after the other, whatever comes of each. mysql2 waits for
 * each answer: here several of its own commands are one to its connection.
 */
export function pipeline(
  driver: DriverConnection,
  steps: readonly Step[],
  done: (outcomes: PromiseSettledResult<DriverResult>[]) => void,
): void {
  const connection = driver as DriverInternals
  const outcomes: PromiseSettledResult<DriverResult>[] = []
  let left = steps.length
  const settle = (index: number, outcome: PromiseSettledResult<DriverResult>) => {
    if (outcomes[index]) return
    outcomes[index] = outcome
    left -= 1
    if (left === 0) done(outcomes)
  }
  const commands = steps.map((step, index) =>
    commandOf(connection, step, (reason, ...value) =>
      settle(index, reason ? { status: 'rejected', reason } : { status: 'fulfilled', value }),
    ),
  )
  const fail = (reason: Error) => steps.forEach((_, index) => settle(index, { status: 'rejected', reason }))
  connection.addCommand(new Pipeline(commands, fail))
}

function commandOf(connection: DriverInternals, step: Step, done: Done): DriverCommand {
  if (typeof step === 'string') return createQuery(step, [], done, connection.config)
  const made: DriverCommand[] = []
  // A statement makes its command and hands it to its connection, which here only keeps it.
  const keeper = { value: { addCommand: (command: DriverCommand) => made.push(command) } }
  const statement = Object.create(step.prepared, { _connection: keeper }) as PrepareStatementInfo
  statement.execute([...step.values], done as Parameters<PrepareStatementInfo['execute']>[1])
  return made[0] as DriverCommand
}

class Pipeline extends EventEmitter implements DriverCommand {
  /** By this the driver tells a command that its connection is lost. */
  readonly onResult: (error: Error) => void
  #unanswered: DriverCommand[]

  constructor(commands: DriverCommand[], onResult: (error: Error) => void) {
    super()
    this.onResult = onResult
    this.#unanswered = commands
  }

  execute(packet: unknown, connection: DriverInternals): boolean {
    if (packet === undefined) {
      connection.stream.cork()
      // What can't be written, for a value that does not fit, has its outcome already.
      this.#unanswered = this.#unanswered.filter((command) => !command.execute(undefined, connection))
      connection.stream.uncork()
      expectAnswer(connection)
    } else if (this.#unanswered[0]?.execute(packet, connection) === true) {
      this.#unanswered.shift()
      expectAnswer(connection)
    }
    return this.#unanswered.length === 0
  }
}

/** The packets of each answer are numbered from 1, its command being 0. */
function expectAnswer(connection: DriverInternals): void {
  connection._resetSequenceId()
  connection._bumpSequenceId(1)
}
