import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node'

/** `N passed, N failed`; a file that could not be collected and an error outside any test each count as failed. */
export const summarize = (modules: readonly TestModule[], unhandledErrors: number): string => {
  let passed = 0
  let failed = unhandledErrors
  for (const module of modules) {
    failed += module.errors().length
    for (const suite of module.children.allSuites()) failed += suite.errors().length
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') passed += 1
      if (state === 'failed') failed += 1
    }
  }
  return `${passed} passed, ${failed} failed`
}

/** Leaves the run's summary in the file FRONTDESK_TEST_SUMMARY, for ./scripts/test to print after everything else. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[], _reason: TestRunEndReason): void {
    const file = process.env['FRONTDESK_TEST_SUMMARY']
    if (file) writeFileSync(file, `${summarize(modules, unhandledErrors.length)}\n`)
  }
}
