/** An error as the log shows it. */
export interface SerializedError {
  type: string
  message: string
  code?: string | number
  errno?: number
  sqlState?: string
  stack?: string
  cause?: SerializedError
  errors?: SerializedError[]
}

const depthMax = 5
const messageLengthMax = 2_000

/**
 * The error with its code and its chain of causes. Takes only the members it knows: drivers hang
 * whole statements with their values on an error (`sql`, `parameters`), and those are customers' data.
 * What says that it is `retryable` is an outage and no bug: its code and causes tell all, and frames at
 * each attempt would bury them.
 */
export function serializeError(error: unknown): SerializedError {
  return serialize(error, { depth: 0, withFrames: !(error instanceof Error && 'retryable' in error && error.retryable === true) })
}

function serialize(error: unknown, { depth, withFrames }: { depth: number; withFrames: boolean }): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: textOf(error).slice(0, messageLengthMax) }
  const extra = error as Error & { code?: unknown; errno?: unknown; sqlState?: unknown; errors?: unknown }
  const serialized: SerializedError = { type: error.constructor.name || error.name, message: messageOf(error) }
  if (typeof extra.code === 'string' || typeof extra.code === 'number') serialized.code = extra.code
  if (typeof extra.errno === 'number') serialized.errno = extra.errno
  if (typeof extra.sqlState === 'string') serialized.sqlState = extra.sqlState
  const frames = withFrames ? framesOf(error) : undefined
  if (frames) serialized.stack = frames
  if (depth >= depthMax) return serialized
  const inner = { depth: depth + 1, withFrames }
  if (error.cause !== undefined && error.cause !== null) serialized.cause = serialize(error.cause, inner)
  if (Array.isArray(extra.errors)) serialized.errors = extra.errors.slice(0, 10).map((each) => serialize(each, inner))
  return serialized
}

/** Drizzle puts every parameter's value into its message, behind the statement. */
function messageOf(error: Error): string {
  const end = 'query' in error && 'params' in error ? error.message.indexOf('\nparams:') : -1
  return (end < 0 ? error.message : error.message.slice(0, end)).slice(0, messageLengthMax)
}

/** The frames alone: the stack's head repeats the message, and with it what `messageOf` left out. */
function framesOf(error: Error): string | undefined {
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line))
  return frames?.length ? frames.map((line) => line.trim()).join('\n') : undefined
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null) return `a thrown ${value.constructor?.name ?? 'object'}`
  return String(value)
}
