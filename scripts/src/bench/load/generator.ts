import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { LoadPlan, LoadResult } from './plan.ts'

/** A load generator in a process of its own. */
export interface Generator extends AsyncDisposable {
  /** Resolves when the plan is carried out; one at a time. */
  run(plan: LoadPlan): Promise<LoadResult>
}

/** Starts a load generator, which ends with this process. */
export function startGenerator(): Generator {
  const child = fork(new URL('main.ts', import.meta.url), { execArgv: ['--max-semi-space-size=64'] })
  const exited = once(child, 'exit')
  return {
    async run(plan) {
      child.send(plan)
      const answer = await Promise.race([once(child, 'message'), exited.then(() => undefined)])
      const { result, error } = (answer?.[0] ?? { error: 'it ended' }) as { result?: LoadResult; error?: string }
      if (!result) throw new Error(`the load generator failed: ${error}`)
      return result
    },
    async [Symbol.asyncDispose]() {
      child.disconnect()
      await exited
    },
  }
}
