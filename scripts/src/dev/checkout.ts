import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** This process's hold on the folder of a checkout, in which one stack runs at a time. */
export interface Checkout extends Disposable {
  /** Removed when the hold ends. */
  readonly manifestFile: string
}

/** @throws Error when another process holds it. */
export function takeCheckout(directory: string): Checkout {
  const lockFile = join(directory, 'dev.pid')
  const manifestFile = join(directory, 'dev.json')
  const holder = hold(lockFile)
  if (holder !== undefined) {
    throw new Error(`Frontdesk is running here already (pid ${holder}). Stop it first, or use another checkout.`)
  }
  // What a start that was killed has left.
  rmSync(manifestFile, { force: true })
  return {
    manifestFile,
    [Symbol.dispose]() {
      rmSync(manifestFile, { force: true })
      rmSync(lockFile, { force: true })
    },
  }
}

/** Undefined if the lock is ours now, else the pid of its holder. */
function hold(lockFile: string): number | undefined {
  const mine = `${lockFile}.${process.pid}`
  writeFileSync(mine, String(process.pid))
  try {
    // Whoever sees the file sees a pid in it.
    linkSync(mine, lockFile)
    return undefined
  } catch {
    const pid = Number(read(lockFile))
    if (pid > 0 && pid !== process.pid && isOurs(pid)) return pid
    rmSync(lockFile, { force: true })
  } finally {
    rmSync(mine, { force: true })
  }
  return hold(lockFile)
}

/** Whether the process lives and is such a one as this; a pid is given again. */
function isOurs(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  const commandLine = read(`/proc/${pid}/cmdline`)
  return commandLine === '' || commandLine.includes('dev.ts')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
