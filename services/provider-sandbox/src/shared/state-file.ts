import { readFile, rename, writeFile } from 'node:fs/promises'
import type { Logger } from '@frontdesk/telemetry'
import { z } from 'zod'
import { restore, snapshotOf } from './snapshot.ts'

/** Keeps states in a file. Disposing it writes what is not yet there. */
export interface StateFile extends AsyncDisposable {
  /** The states may have changed: they are written in a moment. */
  readonly touch: () => void
}

export interface StateFileOptions {
  /** Without it nothing is kept. */
  readonly path: string | undefined
  readonly states: Readonly<Record<string, object>>
  readonly logger: Logger
  /** At least; 250 when left out. */
  readonly delayMs?: number
}

/** Of the time; a write takes the longer, the more there is. */
const longestWritingShare = 0.05
/** Whatever it takes, so that a crash loses no more than that. */
const longestDelayMs = 5_000
const version = 1
const schema = z.object({
  version: z.literal(version),
  states: z.record(z.string(), z.record(z.string(), z.array(z.tuple([z.string(), z.unknown()])))),
})

/**
 * Restores the states from the file, if it is there, and keeps them in it from now on.
 * @throws Error if the file holds something else.
 */
export async function openStateFile({ path, states, logger, delayMs = 250 }: StateFileOptions): Promise<StateFile> {
  if (path === undefined) return { touch: () => undefined, [Symbol.asyncDispose]: async () => undefined }
  const kept = await read(path)
  for (const [name, state] of Object.entries(states)) restore(state, kept[name])
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let lastWriteMs = 0

  // One after the other, and by rename, so that the file is always one whole state.
  const writeAfter = async (earlier: Promise<void> | undefined): Promise<void> => {
    await earlier?.catch(() => undefined)
    const begun = performance.now()
    const kept = Object.fromEntries(Object.entries(states).map(([name, state]) => [name, snapshotOf(state)]))
    await writeFile(`${path}.new`, JSON.stringify({ version, states: kept }), { flush: true })
    await rename(`${path}.new`, path)
    lastWriteMs = performance.now() - begun
  }
  const write = (): Promise<void> => {
    timer = undefined
    writing = writeAfter(writing)
    return writing
  }
  const writeLater = (): void => {
    write().catch((error: unknown) => logger.error({ err: error, path }, 'the state could not be kept'))
  }
  return {
    touch: () => (timer ??= setTimeout(writeLater, Math.max(delayMs, Math.min(longestDelayMs, lastWriteMs / longestWritingShare)))),
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      await write()
    },
  }
}

async function read(path: string): Promise<z.output<typeof schema>['states']> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    throw error
  }
  try {
    return schema.parse(JSON.parse(text)).states
  } catch (cause) {
    throw new Error(`STATE_FILE ${path} holds no state of this version: delete it to begin anew`, { cause })
  }
}
