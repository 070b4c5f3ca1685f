import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, locate } from './binaries.ts'
import { freePort } from './ports.ts'
import { startServer } from './server-process.ts'

export interface MariadbServer extends AsyncDisposable {
  /** mysql://root@127.0.0.1:port, without a database. */
  readonly url: string
  readonly port: number
  readonly pid: number
  readonly dataDir: string
  /** SIGKILL; the data stays, so that startMariadb({ dataDir, port }) can recover it. */
  kill(): Promise<void>
}

export interface MariadbOptions {
  /** Kept on dispose, and reused when it holds data already; without it a temporary one that dispose removes. */
  dataDir?: string
  port?: number
  /** Syncs every commit, as in production: for drills, benchmarks and durability tests. */
  durable?: boolean
  /** Further arguments of the server, which override ours. */
  settings?: readonly string[]
  /** Ends a start that is under way; it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** Starts a private MariaDB on 127.0.0.1 (user root, no password) that ends with this process. */
export const startMariadb = async (options: MariadbOptions = {}): Promise<MariadbServer> => {
  const temporary = await mkdtemp(join(tmpdir(), 'frontdesk-mariadb-'))
  const dataDir = options.dataDir ?? join(temporary, 'data')
  try {
    if (!existsSync(join(dataDir, 'mysql'))) await cp(await template(), dataDir, { recursive: true })
    const { path, libraryPath } = locate('FRONTDESK_MARIADBD')
    const port = options.port ?? (await freePort())
    const server = await startServer({
      name: 'mariadbd',
      path,
      libraryPath,
      port,
      signal: options.signal,
      args: [
        '--no-defaults',
        ...asRoot,
        `--basedir=${dirname(dirname(path))}`,
        `--datadir=${dataDir}`,
        `--socket=${join(temporary, 'mariadb.sock')}`,
        `--pid-file=${join(temporary, 'mariadb.pid')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        '--skip-log-bin',
        '--performance-schema=OFF',
        '--character-set-server=utf8mb4',
        '--max-connections=500',
        '--innodb-buffer-pool-size=128M',
        ...(options.durable ? ['--innodb-flush-log-at-trx-commit=1'] : ['--innodb-flush-log-at-trx-commit=0', '--innodb-doublewrite=0']),
        ...(options.settings ?? []),
      ],
    })
    const end = async (stop: () => Promise<void>): Promise<void> => {
      await stop()
      // Of a data folder that was given only the socket's folder goes.
      await rm(options.dataDir ? temporary : join(temporary, 'mariadb.sock'), { recursive: true, force: true })
    }
    return {
      url: `mysql://root@127.0.0.1:${port}`,
      port,
      pid: server.pid,
      dataDir,
      kill: () => end(server.kill),
      [Symbol.asyncDispose]: async () => {
        await end(server.stop)
        await rm(temporary, { recursive: true, force: true })
      },
    }
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw error
  }
}

/** An empty data folder: half a second to make, 35 ms to copy. */
const template = async (): Promise<string> => {
  const server = locate('FRONTDESK_MARIADBD')
  const installer = locate('FRONTDESK_MARIADB_INSTALL_DB')
  const { mtimeMs, size } = await stat(server.path)
  const folder = join(cacheFolder(), 'templates', `mariadb-${Math.floor(mtimeMs / 1000)}-${size}`)
  if (existsSync(folder)) return folder
  await mkdir(dirname(folder), { recursive: true })
  const unfinished = await mkdtemp(`${folder}.`)
  try {
    await promisify(execFile)(
      installer.path,
      [
        '--no-defaults',
        ...asRoot,
        `--basedir=${dirname(dirname(server.path))}`,
        `--datadir=${unfinished}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-log-file-size=8M',
      ],
      { env: { ...process.env, ...(server.libraryPath ? { LD_LIBRARY_PATH: server.libraryPath } : {}) } },
    )
    await rename(unfinished, folder)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    // Somebody else was faster.
    if (!existsSync(folder)) throw error
  }
  return folder
}

const asRoot = process.getuid?.() === 0 ? ['--user=root'] : []
