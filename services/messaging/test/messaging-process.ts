import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { eventually, freePort } from '@frontdesk/testing'

const bundle = new URL('../dist/main.mjs', import.meta.url).pathname

/** Messaging's bundle as a process of its own, on the same ports whenever it is started again. */
export async function startMessagingProcess(env: Readonly<Record<string, string>>) {
  const [rpcPort, adminPort] = [await freePort(), await freePort()]
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [bundle], {
      env: { ...env, RPC_PORT: String(rpcPort), ADMIN_PORT: String(adminPort) },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child = started
    const said: string[] = []
    started.stderr.on('data', (chunk: Buffer) => said.push(chunk.toString()))
    await eventually(
      async () => {
        if (started.exitCode !== null) throw new Error(`messaging ended with ${started.exitCode}: ${said.join('')}`)
        const { ok } = await fetch(`http://127.0.0.1:${adminPort}/readyz`)
        if (!ok) throw new Error('messaging is not ready')
      },
      { timeoutMs: 15_000 },
    )
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
    return child.exitCode
  }

  await start()
  return {
    rpcPort,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  }
}
