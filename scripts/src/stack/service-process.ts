import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, closeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ServiceName } from './manifest.ts'

/** One of our services, running from its production bundle. */
export interface ServiceProcess extends AsyncDisposable {
  readonly name: ServiceName
  readonly pid: number
  readonly adminUrl: string
  /** Resolves once `/readyz` says so; from the call to then is the start-up time. */
  ready(timeoutMs?: number): Promise<void>
  /** SIGKILL: it gets no chance to finish anything. */
  kill(): Promise<void>
}

export interface ServiceProcessOptions {
  readonly name: ServiceName
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
}

/** Where `pnpm build` puts a service's bundle. */
function bundleOf(root: string, name: ServiceName): string {
  return `${root}/services/${name}/dist/main.mjs`
}

/** Starts a service; nothing of it outlives this process. */
export function startService({ name, root, env, logFile }: ServiceProcessOptions): ServiceProcess {
  const child = spawnBundle(bundleOf(root, name), [], env, logFile)
  const adminUrl = `http://127.0.0.1:${env.ADMIN_PORT}`
  return {
    name,
    pid: child.pid ?? 0,
    adminUrl,
    ready: (timeoutMs = 15_000) => waitUntilReady({ name, child, adminUrl, logFile, timeoutMs }),
    async kill() {
      await end(child, 'SIGKILL')
    },
    async [Symbol.asyncDispose]() {
      await end(child, 'SIGTERM')
    },
  }
}

/**
 * Runs a service's migrations to their end.
 * @throws Error with the end of its log if they fail.
 */
export async function migrateService({ name, root, env, logFile }: ServiceProcessOptions): Promise<void> {
  const child = spawnBundle(bundleOf(root, name), ['migrate'], env, logFile)
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`the migrations of ${name} failed:\n${await tail(logFile)}`)
}

function spawnBundle(bundle: string, args: readonly string[], env: Readonly<Record<string, string>>, logFile: string): ChildProcess {
  mkdirSync(dirname(logFile), { recursive: true })
  const log = openSync(logFile, 'a')
  try {
    return spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, bundle, ...args], {
      env: { PATH: process.env.PATH, ...env },
      stdio: ['ignore', log, log],
    })
  } finally {
    closeSync(log)
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

interface Awaited {
  readonly name: ServiceName
  readonly child: ChildProcess
  readonly adminUrl: string
  readonly logFile: string
  readonly timeoutMs: number
}

async function waitUntilReady({ name, child, adminUrl, logFile, timeoutMs }: Awaited): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) break
    const response = await fetch(`${adminUrl}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${name} is not ready. The end of ${logFile}:\n${await tail(logFile)}`)
}

async function tail(logFile: string): Promise<string> {
  const text = await readFile(logFile, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-15).join('\n')
}
