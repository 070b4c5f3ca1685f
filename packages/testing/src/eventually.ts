import { setTimeout as sleep } from 'node:timers/promises'

/** Runs the probe until it no longer throws and returns its result; after timeoutMs (5 s) throws the probe's last error. */
export const eventually = async <T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 5000, intervalMs = 20 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> => {
  const deadline = performance.now() + timeoutMs
  while (true) {
    try {
      return await probe()
    } catch (error) {
      if (performance.now() + intervalMs > deadline) throw error
      await sleep(intervalMs)
    }
  }
}
