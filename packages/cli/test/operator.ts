import { afterEach } from 'vitest'
import { type Answers, type Stack, startStack } from './stack.ts'
import { run } from './terminal.ts'

/** For a file of tests: starts services that give these answers, ends them after the test, and gives a CLI inside their project. */
export function operatorForEachTest() {
  let stack: Stack | undefined
  afterEach(async () => {
    await stack?.[Symbol.asyncDispose]()
    stack = undefined
  })
  return async (answers: Answers = {}) => {
    const { directory } = (stack = await startStack(answers))
    return (...argv: string[]) => run(argv, { cwd: directory })
  }
}
