import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Stack, type StackOptions, startStack } from '../src/stack/stack.ts'

/** A whole stack with data of its own, which goes with it. */
export async function startPrivateStack(
  options: Pick<StackOptions, 'poolSize' | 'settings'> = {},
): Promise<Stack & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-e2e-'))
  const stack = await startStack({ root: resolve(import.meta.dirname, '../..'), directory, logLevel: 'warn', ...options })
  const stop = stack[Symbol.asyncDispose]
  return Object.assign(stack, {
    directory,
    async [Symbol.asyncDispose]() {
      await stop()
      await rm(directory, { recursive: true, force: true })
    },
  })
}
