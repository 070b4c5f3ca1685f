import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

export type BinaryName =
  | 'FRONTDESK_MARIADBD'
  | 'FRONTDESK_MARIADB_INSTALL_DB'
  | 'FRONTDESK_NATS_SERVER'
  | 'FRONTDESK_PROMETHEUS'
  | 'FRONTDESK_ALERTMANAGER'

const programs: Record<BinaryName, string> = {
  FRONTDESK_MARIADBD: 'mariadbd',
  FRONTDESK_MARIADB_INSTALL_DB: 'mariadb-install-db',
  FRONTDESK_NATS_SERVER: 'nats-server',
  FRONTDESK_PROMETHEUS: 'prometheus',
  FRONTDESK_ALERTMANAGER: 'prometheus-alertmanager',
}

export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env['FRONTDESK_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'frontdesk')

/** A server program's path and the libraries it needs: from FRONTDESK_* variables, else from what scripts/lib left in the cache, else PATH. */
export const locate = (name: BinaryName, env: NodeJS.ProcessEnv = process.env): { path: string; libraryPath: string | undefined } => {
  for (const settings of [env, locatedByScripts(env)]) {
    const path = settings[name]
    if (path && existsSync(path)) return { path, libraryPath: settings['FRONTDESK_MARIADB_LIBRARY_PATH'] || undefined }
  }
  // nats-server on PATH is often Debian 12's 2.9, which is too old: only scripts/lib checks versions.
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  const onPath = folders.map((folder) => join(folder, programs[name])).find((path) => existsSync(path))
  if (onPath) return { path: onPath, libraryPath: undefined }
  throw new Error(`${programs[name]} was not found: run ./scripts/test once, which fetches it, or set ${name} to its path`)
}

/** scripts/lib/bootstrap.sh keeps one file of NAME=path lines for each server that it found or fetched. */
const locatedByScripts = (env: NodeJS.ProcessEnv): Record<string, string> => {
  const files = ['mariadb.env', 'nats-server.env', 'prometheus.env'].map((name) => join(cacheFolder(env), 'servers', name))
  const lines = files.filter((file) => existsSync(file)).flatMap((file) => readFileSync(file, 'utf8').split('\n'))
  return Object.fromEntries(lines.filter((line) => line.includes('=')).map((line) => line.split('=', 2)))
}
