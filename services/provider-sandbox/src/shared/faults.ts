import type { ProviderName } from './provider.ts'

/** What can be made to go wrong with a request: `…_before` without its effect, `…_after` with it. */
export const faultKinds = ['slow', 'rate_limited', 'error_before', 'error_after', 'hang_after', 'disconnect_after'] as const
export type FaultKind = (typeof faultKinds)[number]

/** A fault that waits for the requests it fits. */
export interface Fault {
  readonly provider: ProviderName
  readonly kind: FaultKind
  /** Of the path; every path when left out. */
  readonly pathPrefix?: string | undefined
  /** How many requests it still hits; all of them when left out. */
  readonly times?: number | undefined
  readonly delayMs?: number | undefined
}

/** The faults in wait, oldest first. */
export interface Faults {
  add(fault: Fault): void
  list(): readonly Fault[]
  clear(): void
  /** The oldest fault that fits this request, which is then used up by one. */
  take(provider: ProviderName, path: string): Fault | undefined
}

export function createFaults(): Faults {
  let waiting: readonly Fault[] = []
  return {
    add: (fault) => (waiting = [...waiting, fault]),
    list: () => waiting,
    clear: () => (waiting = []),
    take(provider, path) {
      const index = waiting.findIndex((fault) => fault.provider === provider && path.startsWith(fault.pathPrefix ?? '/'))
      const fault = waiting[index]
      if (fault?.times !== undefined)
        waiting = waiting.toSpliced(index, 1, ...(fault.times > 1 ? [{ ...fault, times: fault.times - 1 }] : []))
      return fault
    },
  }
}
