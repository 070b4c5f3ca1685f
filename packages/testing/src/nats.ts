import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { locate } from './binaries.ts'
import { freePort } from './ports.ts'
import { startServer } from './server-process.ts'

export interface NatsServer extends AsyncDisposable {
  /** nats://127.0.0.1:port */
  readonly url: string
  /** http://127.0.0.1:monitorPort, e.g. for /jsz and /connz. */
  readonly monitorUrl: string
  readonly port: number
  readonly monitorPort: number
  readonly pid: number
  readonly storeDir: string
  /** SIGKILL; the store stays, so that startNats({ storeDir, port }) can recover it. */
  kill(): Promise<void>
}

export interface NatsOptions {
  /** Kept on dispose; without it a temporary one that dispose removes. */
  storeDir?: string
  port?: number
  monitorPort?: number
  /** Syncs every message before its ack, which no option of the command line asks for. */
  syncAlways?: boolean
  /** Users and permissions, as nats-server reads them; ports and store stay our own. */
  configFile?: string
  /** What the file refers to as `$NAME`. */
  env?: Readonly<Record<string, string>>
  /** Ends a start that is under way; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Starts a private nats-server with JetStream on 127.0.0.1 that ends with this process. */
export const startNats = async (options: NatsOptions = {}): Promise<NatsServer> => {
  const storeDir = options.storeDir ?? (await mkdtemp(join(tmpdir(), 'frontdesk-nats-')))
  const removeTemporary = async (): Promise<void> => {
    if (!options.storeDir) await rm(storeDir, { recursive: true, force: true })
  }
  try {
    await mkdir(storeDir, { recursive: true })
    const port = options.port ?? (await freePort())
    const monitorPort = options.monitorPort ?? (await freePort())
    const { path } = locate('FRONTDESK_NATS_SERVER')
    const configFile = join(storeDir, 'nats.conf')
    if (options.syncAlways) await writeFile(configFile, `jetstream { store_dir: ${JSON.stringify(storeDir)}, sync_interval: always }\n`)
    const server = await startServer({
      name: 'nats-server',
      path,
      port,
      signal: options.signal,
      ...(options.env && { env: options.env }),
      args: [
        ...(options.configFile ? ['-c', options.configFile] : []),
        '-a',
        '127.0.0.1',
        '-p',
        String(port),
        '-m',
        String(monitorPort),
        ...(options.syncAlways ? ['-c', configFile] : ['-js', '-sd', storeDir]),
      ],
    })
    return {
      url: `nats://127.0.0.1:${port}`,
      monitorUrl: `http://127.0.0.1:${monitorPort}`,
      port,
      monitorPort,
      pid: server.pid,
      storeDir,
      kill: server.kill,
      [Symbol.asyncDispose]: async () => {
        await server.stop()
        await removeTemporary()
      },
    }
  } catch (error) {
    await removeTemporary()
    throw error
  }
}
