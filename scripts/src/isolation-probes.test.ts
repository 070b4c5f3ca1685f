import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import * as contracts from '@frontdesk/contracts'
import { expect, test } from 'vitest'

test('every RPC service is asked by a service’s isolation test for another company’s things', () => {
  const root = resolve(import.meta.dirname, '../..')
  const tests = globSync('services/*/test/isolation.e2e.test.ts', { cwd: root }).map((file) => readFileSync(resolve(root, file), 'utf8'))
  const definitions = Object.keys(contracts).filter((name) => name.endsWith('ServiceDefinition'))
  expect(definitions.length).toBeGreaterThan(10)
  expect(definitions.filter((name) => !tests.some((text) => text.includes(`${name}.methods`) || text.includes(`: ${name},`)))).toEqual([])
})
