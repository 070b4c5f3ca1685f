import { setTimeout as wait } from 'node:timers/promises'
import { quantile } from '../statistics.ts'
import type { LoadPlan, LoadResult } from './plan.ts'
import { createRequests, type Requests } from './requests.ts'

/** Carries a plan out. */
export async function drive(plan: LoadPlan): Promise<LoadResult> {
  using requests = createRequests(plan)
  const begun = performance.now()
  const measuredFrom = begun + plan.warmUpSeconds * 1_000
  const until = measuredFrom + plan.seconds * 1_000
  const latenciesMs: number[] = []
  const report = (dueAt: number) => {
    const now = performance.now()
    if (now >= measuredFrom && now <= until) latenciesMs.push(now - dueAt)
  }
  const { ratePerSecond } = plan
  await (ratePerSecond === undefined ? saturate(plan, requests, until, report) : pace({ ...plan, ratePerSecond }, requests, until, report))
  return {
    perSecond: latenciesMs.length / plan.seconds,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    requests: requests.sent,
    failures: requests.failures,
    accepted: requests.accepted,
    duplicates: requests.duplicates,
    distinct: requests.distinct(),
  }
}

/** Each connection sends as soon as it has its answer. */
async function saturate({ connections }: LoadPlan, requests: Requests, until: number, report: (dueAt: number) => void): Promise<void> {
  const keepSending = async (connection: number) => {
    while (performance.now() < until) {
      const dueAt = performance.now()
      // One request at a time on each connection is the load.
      await requests.send(connection)
      report(dueAt)
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, connection) => keepSending(connection)))
}

/** Requests fall due at a fixed rate; one that finds no free connection waits, and its wait counts. */
async function pace(
  { connections, ratePerSecond }: LoadPlan & { readonly ratePerSecond: number },
  requests: Requests,
  until: number,
  report: (dueAt: number) => void,
): Promise<void> {
  const free = Array.from({ length: connections }, (_, connection) => connection)
  const begun = performance.now()
  const under: Set<Promise<void>> = new Set()
  let started = 0
  const send = async (connection: number, dueAt: number) => {
    await requests.send(connection)
    report(dueAt)
    free.push(connection)
  }
  while (performance.now() < until) {
    const due = Math.floor(((performance.now() - begun) / 1_000) * ratePerSecond)
    for (
      let connection = started < due ? free.pop() : undefined;
      connection !== undefined;
      connection = started < due ? free.pop() : undefined
    ) {
      const request = send(connection, begun + (started / ratePerSecond) * 1_000)
      started += 1
      under.add(request)
      void request.then(() => under.delete(request))
    }
    // The clock decides how many are due, however long this takes.
    await wait(1)
  }
  await Promise.all(under)
}
