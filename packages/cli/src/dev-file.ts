import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CommandError } from './errors.ts'

/** What the CLI reads of `.frontdesk/dev.json`, which `./scripts/dev` writes. */
export interface DevFile {
  readonly path: string
  readonly natsUrl: string | undefined
  /** Where messaging serves MCP. */
  readonly mcpUrl: string | undefined
  readonly operatorToken: string | undefined
  /** `host:port` by service. */
  readonly rpc: Readonly<Record<string, unknown>>
}

/**
 * Finds the nearest `.frontdesk/dev.json`, from the directory upward; undefined if there is none.
 * @throws CommandError if it can't be read.
 */
export async function findDevFile(directory: string): Promise<DevFile | undefined> {
  const path = join(directory, '.frontdesk', 'dev.json')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw new CommandError(`${path} can not be read: ${error.message}`, { cause: error })
  })
  if (text !== undefined) return parse(path, text)
  const parent = dirname(directory)
  return parent === directory ? undefined : findDevFile(parent)
}

function parse(path: string, text: string): DevFile {
  const content = record(parseJson(path, text))
  return {
    path,
    natsUrl: string(record(content['nats'])['url']),
    mcpUrl: string(record(content['mcp'])['url']),
    operatorToken: string(content['operatorToken']),
    rpc: record(content['rpc']),
  }
}

// JSON.parse quotes the text around a mistake, and the file holds secrets.
function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CommandError(`${path} is not JSON.`, { hint: 'Start ./scripts/dev again: it writes the file anew.' })
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
