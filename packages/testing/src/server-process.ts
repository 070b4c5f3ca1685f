import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ServerProcess {
  readonly pid: number
  /** SIGTERM, and SIGKILL if it is still there after 10 s. */
  readonly stop: () => Promise<void>
  /** SIGKILL. */
  readonly kill: () => Promise<void>
}

export interface ServerCommand {
  name: string
  path: string
  args: readonly string[]
  port: number
  libraryPath?: string | undefined
  cwd?: string
  /** Beside this process's own variables. */
  env?: Readonly<Record<string, string>>
  /** How to tell that it serves; without it, a server speaks first once it can. */
  serves?: () => Promise<boolean>
  timeoutMs?: number
  /** Ends the start, and the server with it. */
  signal?: AbortSignal | undefined
}

/** Starts a server that dies with this process, and waits until it serves; an early exit throws with what it printed. */
export const startServer = async (options: ServerCommand): Promise<ServerProcess> => {
  const { name, path, args, port, libraryPath, cwd, env, serves = () => greets(port), timeoutMs = 20_000, signal: stopped } = options
  if (await serves()) throw new Error(`${name} did not start on port ${port}: another server answers there`)
  const output: string[] = []
  // Without pdeathsig a SIGKILLed test run would leave its servers behind.
  const [command, prefix] = process.platform === 'linux' ? ['setpriv', ['--pdeathsig', 'KILL', '--', path]] : [path, []]
  const child = spawn(command, [...prefix, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, ...env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) },
    // A terminal's Ctrl-C is for us: we stop our servers in the right order.
    detached: process.platform === 'linux',
  })
  const keep = (chunk: Buffer): void => {
    output.push(chunk.toString())
    if (output.length > 200) output.splice(0, 100)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  let failure: Error | undefined
  child.once('error', (error) => (failure = error))

  const deadline = performance.now() + timeoutMs
  while (!(await serves())) {
    const gone = failure ?? (hasExited(child) ? new Error(`exit ${child.exitCode ?? child.signalCode}`) : undefined)
    if (stopped?.aborted || gone || performance.now() > deadline) {
      if (!hasExited(child) && child.kill('SIGKILL')) await once(child, 'exit')
      stopped?.throwIfAborted()
      throw new Error(`${name} did not start on port ${port}: ${gone?.message ?? `nothing after ${timeoutMs} ms`}\n${output.join('')}`)
    }
    await sleep(10)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (hasExited(child)) return
    const exited = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await exited
    clearTimeout(timer)
  }
  return { pid: child.pid ?? 0, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

const hasExited = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** MariaDB and nats-server speak first, once they can serve. */
const greets = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const done = (greeted: boolean): void => {
      socket.destroy()
      resolve(greeted)
    }
    socket.once('data', () => done(true))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
    socket.setTimeout(1000, () => done(false))
  })
