import { setFlagsFromString } from 'node:v8'
import { createLogger } from '@frontdesk/telemetry'
import type { Logger } from '@frontdesk/telemetry'
import { ConfigError } from './config.ts'

/** A process, from its environment to its exit code. */
export interface ServiceDefinition<C> {
  name: string
  /** @throws ConfigError for an environment that can't be used. */
  loadConfig: (env: NodeJS.ProcessEnv) => C
  /** Resolves once it serves; disposing the result drains it. */
  start: (config: C) => Promise<AsyncDisposable>
  /** What `migrate` as the first argument does, instead of starting. */
  migrate?: (config: C) => Promise<void>
  /** How long draining may take before the process ends without it (25,000 when left out). */
  graceMs?: number
}

/** sysexits.h */
const exitCodes = { usage: 64, config: 78 }
/** For what a drained process has left open: sockets that the other side has yet to close, mostly. */
const lingerMs = 1_000

/**
 * The whole of a `main.ts`: reads the environment, runs migrations or the service, drains it at the
 * first SIGTERM or SIGINT, and sets the exit code: 0, 1 (failed), 64 (usage), 78 (configuration).
 */
export async function runService<C>(definition: ServiceDefinition<C>): Promise<void> {
  // To stderr and synchronously: what is said last has to arrive though the process ends.
  const logger = createLogger({ service: definition.name, destination: { write: (line) => void process.stderr.write(line) } })
  process.on('uncaughtException', (error, origin) => fail(logger, error, `an error that nobody caught (${origin})`))

  const command = process.argv[2]
  if (command !== undefined && !(command === 'migrate' && definition.migrate)) {
    process.stderr.write(`usage: main${definition.migrate ? ' [migrate]' : ''}, not '${command}'\n`)
    process.exit(exitCodes.usage)
  }
  const config = readConfig(definition)
  if (command === 'migrate') await migrate(definition, config, logger)
  else await serve(definition, config, logger)
}

function readConfig<C>(definition: ServiceDefinition<C>): C {
  try {
    return definition.loadConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${definition.name}: ${error.message}\n`)
    return process.exit(exitCodes.config)
  }
}

async function migrate<C>(definition: ServiceDefinition<C>, config: C, logger: Logger): Promise<void> {
  try {
    await definition.migrate?.(config)
  } catch (error) {
    fail(logger, error, 'the migration failed')
  }
  leave(logger)
}

async function serve<C>(definition: ServiceDefinition<C>, config: C, logger: Logger): Promise<void> {
  const { graceMs = 25_000 } = definition
  const startedAt = performance.now()
  // Before the start, so that a signal during it is not lost.
  const stopping = firstSignal(logger, graceMs)
  let service: AsyncDisposable
  try {
    service = await definition.start(config)
  } catch (error) {
    return fail(logger, error, 'the service could not start')
  }
  keepRequestsYoung()
  logger.info({ startMs: Math.round(performance.now() - startedAt), pid: process.pid }, 'started')
  const graceTimer = await stopping
  try {
    await service[Symbol.asyncDispose]()
  } catch (error) {
    return fail(logger, error, 'the service did not stop cleanly')
  }
  clearTimeout(graceTimer)
  logger.info('stopped')
  leave(logger)
}

/**
 * In an overload, such as that of a start, V8 may find that the objects of requests live long, and from then on makes them where only a full
 * collection frees them, with all that they refer to: an ingress at its maximum then collects everything each 3 s, for a tenth of its rate and
 * 100 MB. It looks this option up whenever it decides; set before the start, it would have V8 refuse most of what Node brings compiled.
 */
function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}

/**
 * Resolves at the first signal, with the timer that ends the process if it is still there after the
 * grace period. Later signals change nothing: terminals, package runners and supervisors often send several.
 */
function firstSignal(logger: Logger, graceMs: number): Promise<NodeJS.Timeout> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Timeout>()
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) return logger.info({ signal }, 'already stopping')
    stopping = true
    logger.info({ signal, graceMs }, 'stopping')
    resolve(setTimeout(() => fail(logger, new Error(`still not stopped after ${graceMs} ms`), 'the grace period is over'), graceMs))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return promise
}

/** Ends with code 0, by itself if nothing is open any more. */
function leave(logger: Logger): void {
  process.exitCode = 0
  setTimeout(() => {
    logger.warn({ open: process.getActiveResourcesInfo() }, 'something was left open')
    process.exit()
  }, lingerMs).unref()
}

function fail(logger: Logger, error: unknown, message: string): never {
  logger.fatal({ err: error }, message)
  process.exit(1)
}
