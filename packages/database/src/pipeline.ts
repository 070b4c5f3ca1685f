import { EventEmitter } from 'node:events'
import mysql, { type Connection as DriverConnection, type PrepareStatementInfo } from 'mysql2'
import type { DriverResult } from './driver-result.ts'

/** A text without parameters, or a prepared statement with the driver's values and the form of the rows that it answers with. */
export type Step = string | PreparedStep

interface PreparedStep {
  readonly prepared: PrepareStatementInfo
  readonly values: readonly unknown[]
  readonly form: RowForm
}

interface RowForm {
  readonly rowsAsArray: boolean
  readonly dateStrings: boolean
}

type Done = (error: Error | null, ...result: DriverResult) => void

/** One of the driver's own commands as its connection drives it: `true` says that it has had all of its answer. */
interface DriverCommand {
  execute(packet: unknown, connection: DriverInternals): boolean
}

/** What the driver's commands use of their connection, and we of it. */
interface DriverInternals extends DriverConnection {
  readonly stream: { cork(): void; uncork(): void }
  readonly sequenceId: number
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
  { done, answered }: { readonly done: (outcomes: PromiseSettledResult<DriverResult>[]) => void; readonly answered: () => void },
): void {
  const connection = driver as DriverInternals
  const outcomes: PromiseSettledResult<DriverResult>[] = []
  let left = steps.length
  const settle = (index: number, outcome: PromiseSettledResult<DriverResult>) => {
    if (outcomes[index]) return
    outcomes[index] = outcome
    left -= 1
    answered()
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
  const made: (DriverCommand & { readonly _executeOptions: Partial<RowForm> })[] = []
  // A statement makes its command and hands it to its connection, which here only keeps it.
  const keeper = { value: { addCommand: (command: (typeof made)[number]) => made.push(command) } }
  const statement = Object.create(step.prepared, { _connection: keeper }) as PrepareStatementInfo
  statement.execute([...step.values], done as Parameters<PrepareStatementInfo['execute']>[1])
  const [command] = made
  if (!command) throw new TypeError('the driver made no command')
  Object.assign(command._executeOptions, step.form)
  return command
}

class Pipeline extends EventEmitter implements DriverCommand {
  /** By this the driver tells a command that its connection is lost. */
  readonly onResult: (error: Error) => void
  #unanswered: { readonly command: DriverCommand; readonly packetsWritten: number }[] = []
  readonly #commands: readonly DriverCommand[]

  constructor(commands: readonly DriverCommand[], onResult: (error: Error) => void) {
    super()
    this.onResult = onResult
    this.#commands = commands
  }

  execute(packet: unknown, connection: DriverInternals): boolean {
    if (packet === undefined) this.#write(connection)
    else if (this.#unanswered[0]?.command.execute(packet, connection) === true) this.#unanswered.shift()
    else return false
    // The packets of each answer are numbered on from those of its command.
    connection._resetSequenceId()
    connection._bumpSequenceId(this.#unanswered[0]?.packetsWritten ?? 0)
    return this.#unanswered.length === 0
  }

  #write(connection: DriverInternals): void {
    connection.stream.cork()
    for (const command of this.#commands) {
      // What can't be written, for a value that does not fit, has its outcome already.
      const isOver = command.execute(undefined, connection)
      if (!isOver) this.#unanswered.push({ command, packetsWritten: connection.sequenceId })
    }
    connection.stream.uncork()
  }
}
