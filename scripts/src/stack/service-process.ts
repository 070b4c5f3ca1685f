import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, closeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** One of our services, running from its production bundle. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly adminUrl: string
  readonly logFile: string
  /** How it ended without our ending it, such as `exit 1` or `SIGSEGV`; undefined while it runs. */
  readonly endedBy: string | undefined
  /** Resolves when it ends without our ending it, with an error that shows the end of its log. */
  readonly died: Promise<Error>
  /** Resolves once `/readyz` says so; from the call to then is the start-up time. */
  ready(signal?: AbortSignal): Promise<void>
  /** SIGKILL: it gets no chance to finish anything. */
  kill(): Promise<void>
}

export interface ServiceProcessOptions {
  readonly name: string
  readonly root: string
  /** What Node runs; the bundle of the service of that name when left out. */
  readonly entry?: string
  /** Of Node itself. */
  readonly nodeOptions?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
}

const readyWithinMs = 15_000
/** Longer than a service's own grace period. */
const endWithinMs = 30_000

/** Where `pnpm build` puts a service's bundle. */
function bundleOf(root: string, name: string): string {
  return `${root}/services/${name}/dist/main.mjs`
}

/** Starts a service; nothing of it outlives this process. */
export function startService(options: ServiceProcessOptions): ServiceProcess {
  const { name, root, entry = bundleOf(root, name), nodeOptions = [], env, logFile } = options
  const child = spawnNode([...nodeOptions, entry], env, logFile)
  const adminUrl = `http://127.0.0.1:${env.ADMIN_PORT}`
  let endedBy: string | undefined
  let ending = false
  const exited = endOf(child)
  const died = Promise.withResolvers<Error>()
  const tellDeath = async () => {
    const how = await exited
    if (ending) return
    endedBy = how
    died.resolve(new Error(`${name} ended by itself (${how}). The end of ${logFile}:\n${await tail(logFile)}`))
  }
  void tellDeath()
  const end = async (signal: NodeJS.Signals) => {
    ending = true
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), endWithinMs)
    await exited
    clearTimeout(timer)
  }
  return {
    name,
    pid: child.pid ?? 0,
    adminUrl,
    logFile,
    get endedBy() {
      return endedBy
    },
    died: died.promise,
    ready: (signal) => waitUntilReady({ name, adminUrl, logFile, died: died.promise, signal }),
    kill: () => end('SIGKILL'),
    [Symbol.asyncDispose]: () => end('SIGTERM'),
  }
}

/**
 * Runs a service's migrations to their end.
 * @throws Error with the end of its log if they fail.
 */
export async function migrateService({ name, root, env, logFile }: ServiceProcessOptions, signal?: AbortSignal): Promise<void> {
  const child = spawnNode([bundleOf(root, name), 'migrate'], env, logFile)
  // A table can't be half made: whoever is told to stop waits a moment for that.
  const stop = () => setTimeout(() => child.kill('SIGKILL'), 3_000).unref()
  if (signal?.aborted) stop()
  signal?.addEventListener('abort', stop, { once: true })
  const how = await endOf(child)
  signal?.removeEventListener('abort', stop)
  signal?.throwIfAborted()
  if (how !== 'exit 0') throw new Error(`the migrations of ${name} failed (${how}). The end of ${logFile}:\n${await tail(logFile)}`)
}

function spawnNode(args: readonly string[], env: Readonly<Record<string, string>>, logFile: string): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  const isLinux = process.platform === 'linux'
  const [command, prefix] = isLinux ? ['setpriv', ['--pdeathsig', 'KILL', process.execPath]] : [process.execPath, []]
  try {
    return spawn(command, [...prefix, ...args], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', log, log],
      // A terminal's Ctrl-C is for us: we stop the services before what they need.
      detached: isLinux,
    })
  } finally {
    closeSync(log)
  }
}

/** How the process ended, or why it never began. */
async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    return signal ?? `exit ${code}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

interface Awaited {
  readonly name: string
  readonly adminUrl: string
  readonly logFile: string
  readonly died: Promise<Error>
  readonly signal: AbortSignal | undefined
}

async function waitUntilReady({ name, adminUrl, logFile, died, signal }: Awaited): Promise<void> {
  const deadline = Date.now() + readyWithinMs
  while (Date.now() < deadline) {
    signal?.throwIfAborted()
    const response = fetch(`${adminUrl}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
    const outcome = await Promise.race([response, died])
    if (outcome instanceof Error) throw outcome
    if (outcome?.ok) return
    await wait(20)
  }
  throw new Error(`${name} is not ready after ${readyWithinMs / 1_000} s. The end of ${logFile}:\n${await tail(logFile)}`)
}

async function tail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-15).join('\n')
}
