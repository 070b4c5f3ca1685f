import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { runCli } from '@frontdesk/cli'
import type { Manifest } from '../../src/stack/manifest.ts'
import type { Place } from './places.ts'

/** Runs a command of the CLI; whatever is asked gets the answer. */
export type Terminal = (argv: readonly string[], answer?: string) => Promise<{ readonly code: number; readonly out: string }>

/** The operator's terminal at a stack, in a directory of its own; all that it shows is added to the places. */
export async function openTerminal(manifest: Manifest, directory: string, places: Place[]): Promise<Terminal> {
  await mkdir(join(directory, '.frontdesk'), { recursive: true })
  await writeFile(join(directory, '.frontdesk', 'dev.json'), JSON.stringify(manifest))
  return async (argv, answer = '') => {
    const out: string[] = []
    const err: string[] = []
    const code = await runCli(argv, {
      env: { HOME: directory },
      cwd: directory,
      out: (line) => void out.push(line),
      err: (line) => void err.push(line),
      pipes: { input: new PassThrough().end(), output: new PassThrough() },
      now: () => new Date(),
      interrupted: () => new AbortController().signal,
      ask: () => Promise.resolve(answer),
    })
    const content = Buffer.from([...out, ...err].join('\n'))
    places.push({ kind: 'CLI', name: argv.slice(0, 2).join(' '), content })
    return { code, out: out.join('\n') }
  }
}
