import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Test files share a worker's modules: nearly twice as fast, and nothing here keeps state in a module.
    pool: 'forks',
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'packages',
          include: ['{packages,services}/*/{src,test}/**/*.test.ts', 'scripts/src/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/*.e2e.test.ts'],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['services/*/test/**/*.e2e.test.ts'],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'stack',
          include: ['scripts/e2e/**/*.test.ts'],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          // Whole stacks with time limits: each has the machine to itself.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
    reporters: ['default', './packages/testing/src/summary-reporter.ts'],
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts'],
      exclude: [
        'packages/contracts/src/gen/**',
        'packages/testing/**',
        '**/*.test.ts',
        '**/testing.ts',
        '**/testing/**',
        'services/*/src/main.ts',
        'packages/cli/src/main.ts',
      ],
      reporter: ['text-summary', 'json', 'html'],
      reportOnFailure: true,
      thresholds: { lines: 90 },
    },
  },
})
