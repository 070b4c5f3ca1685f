import { dirname } from 'node:path'
import { type BinaryName, locate } from './binaries.ts'
import { freePort } from './ports.ts'
import { startServer } from './server-process.ts'

/** A running Prometheus or Alertmanager. */
export interface MonitoringServer extends AsyncDisposable {
  /** http://127.0.0.1:port */
  readonly url: string
  readonly pid: number
}

export interface MonitoringOptions {
  readonly configFile: string
  /** Kept on dispose. */
  readonly dataDir: string
}

/** Starts a private Prometheus on 127.0.0.1 that ends with this process. */
export const startPrometheus = ({ configFile, dataDir }: MonitoringOptions): Promise<MonitoringServer> =>
  start('prometheus', 'FRONTDESK_PROMETHEUS', [`--config.file=${configFile}`, `--storage.tsdb.path=${dataDir}`])

/** The same for Alertmanager, alone: without peers. */
export const startAlertmanager = ({ configFile, dataDir }: MonitoringOptions): Promise<MonitoringServer> =>
  start('alertmanager', 'FRONTDESK_ALERTMANAGER', [`--config.file=${configFile}`, `--storage.path=${dataDir}`, '--cluster.listen-address='])

const start = async (name: string, binary: BinaryName, args: readonly string[]): Promise<MonitoringServer> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const { path } = locate(binary)
  const server = await startServer({
    name,
    path,
    // Where scripts/lib/fetch-prometheus.sh puts the templates that Alertmanager needs.
    cwd: dirname(path),
    port,
    args: [...args, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    serves: async () => (await fetch(`${url}/-/ready`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined))?.ok ?? false,
  })
  return { url, pid: server.pid, [Symbol.asyncDispose]: () => server.stop() }
}
