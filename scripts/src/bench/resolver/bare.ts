import { fork } from 'node:child_process'
import { once } from 'node:events'

/** What a row of the resolver's holds besides ids, in the JSON that it is kept in. */
export interface SampleRow {
  readonly source: string
  readonly waterfall: string
  readonly candidates: string
}

/** What the bare loop is to do, once. */
export interface BareTask {
  readonly events: number
  readonly sample: SampleRow
  readonly companyId: string
}

/** Has a bare loop take the events that wait in its broker; resolves with how many it did a second. */
export async function runBareLoop(natsUrl: string, mysqlUrl: string, task: BareTask): Promise<number> {
  const child = fork(new URL('bare-loop.ts', import.meta.url), { env: { ...process.env, NATS_URL: natsUrl, MYSQL_URL: mysqlUrl } })
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`the bare loop ended with ${code}`)
  })
  exited.catch(() => undefined)
  try {
    await Promise.race([once(child, 'message'), exited])
    const begun = performance.now()
    child.send(task)
    await Promise.race([once(child, 'message'), exited])
    return (task.events * 1_000) / (performance.now() - begun)
  } finally {
    if (child.connected) child.disconnect()
  }
}
