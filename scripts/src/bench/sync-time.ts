import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { median } from './statistics.ts'

const appends = 500
const appendBytes = 1_536

/** Median time in ms in which the folder's disk takes an append of 1.5 KB for good: what it costs to keep a message by itself. */
export async function measureSync(directory: string): Promise<number> {
  const path = join(directory, 'sync-time')
  const bytes = Buffer.alloc(appendBytes)
  const timesMs: number[] = []
  try {
    await using file = await open(path, 'w')
    for (let count = 0; count < appends; count++) {
      const begun = performance.now()
      // One sync at a time is what is measured.
      await file.write(bytes)
      await file.datasync()
      timesMs.push(performance.now() - begun)
    }
  } finally {
    await rm(path, { force: true })
  }
  return median(timesMs)
}
