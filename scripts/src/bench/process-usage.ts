import { readFile } from 'node:fs/promises'

/** What a process has used so far. */
export interface Usage {
  readonly cpuSeconds: number
  readonly residentMib: number
}

// USER_HZ, which is 100 on every Linux that there is.
const ticksPerSecond = 100

/** As Linux tells; NaN elsewhere. */
export async function usageOf(pid: number): Promise<Usage> {
  try {
    const [stat, status] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8'), readFile(`/proc/${pid}/status`, 'utf8')])
    // The name of the program stands in brackets and may hold blanks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const residentKib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])
    return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond, residentMib: residentKib / 1_024 }
  } catch {
    return { cpuSeconds: Number.NaN, residentMib: Number.NaN }
  }
}
