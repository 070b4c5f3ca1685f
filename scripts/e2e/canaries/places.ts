import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Manifest } from '../../src/stack/manifest.ts'
import { createConnection, type RowDataPacket } from 'mysql2/promise'

/** Something that somebody could read, a backup's thief for one. */
export interface Place {
  readonly kind: string
  readonly name: string
  readonly content: Buffer
}

/** Every row of every table of the services, as `SELECT *` gives them. */
export async function dumpDatabases(url: string): Promise<Place[]> {
  const connection = await createConnection(url)
  try {
    const own = "table_schema not in ('mysql', 'information_schema', 'performance_schema', 'sys')"
    const [tables] = await connection.query<RowDataPacket[]>(
      `select concat(table_schema, '.', table_name) name from information_schema.tables where ${own} and table_type = 'BASE TABLE'`,
    )
    const places: Place[] = []
    for (const { name } of tables as { name: string }[]) {
      const [rows] = await connection.query<RowDataPacket[]>({ sql: `select * from ${name}`, rowsAsArray: true })
      const cells = (rows as unknown as unknown[][]).flat()
      const content = Buffer.concat(cells.flatMap((cell) => [Buffer.isBuffer(cell) ? cell : Buffer.from(textOf(cell)), Buffer.from('\n')]))
      places.push({ kind: 'dump', name, content })
    }
    return places
  } finally {
    await connection.end()
  }
}

function textOf(cell: unknown): string {
  return typeof cell === 'string' ? cell : (JSON.stringify(cell) ?? '')
}

/** Every file of a folder, one after the other. */
export async function* filesOf(kind: string, directory: string): AsyncGenerator<Place> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    yield { kind, name: relative(directory, file), content: await readFile(file) }
  }
}

/** What every admin server says of its service. */
export async function scrape({ admin }: Pick<Manifest, 'admin'>): Promise<Place[]> {
  const asked = Object.entries(admin).flatMap(([service, url]) => ['metrics', 'readyz', 'healthz'].map((path) => ({ service, url, path })))
  return Promise.all(
    asked.map(async ({ service, url, path }) => {
      const response = await fetch(`${url}/${path}`)
      return { kind: 'metrics', name: `${service}/${path}`, content: Buffer.from(await response.text()) }
    }),
  )
}
