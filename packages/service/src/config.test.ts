import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ConfigError, loadConfig } from './config.ts'
import { integer, port, secret } from './env-types.ts'
import { Secret } from './secret.ts'

const problemsOf = (schema: z.ZodObject, env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(schema, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  throw new Error('there was no problem')
}

test('every problem is told at once', () => {
  const schema = z.object({ A: z.string(), B: port(), C: z.url(), D: z.enum(['x', 'y']) })
  expect(problemsOf(schema, { B: '70000', C: 'nope', D: 'z' })).toEqual([
    'A: is not set',
    'B: must be at most 65535',
    'C: Invalid URL',
    expect.stringMatching(/^D: Invalid option/),
  ])
})

test('an empty variable is one that is not set', () => {
  const schema = z.object({ A: z.string().optional(), B: integer().default(7) })
  expect(loadConfig(schema, { A: '', B: '' })).toEqual({ B: 7 })
})

test.each(['1e3', '0x10', ' 5', '5 ', '5.0', 'NaN', 'Infinity', '١'])('%j is no whole number', (text) => {
  expect(problemsOf(z.object({ A: integer() }), { A: text })).toEqual(['A: must be a whole number'])
})

test('a problem of the whole has no name before it', () => {
  const schema = z.object({ A: z.string(), B: z.string() }).refine(({ A, B }) => A !== B, 'A and B must differ')
  expect(problemsOf(schema, { A: 'x', B: 'x' })).toEqual(['A and B must differ'])
})

test('the configuration can not be changed, at any depth', () => {
  const schema = z.object({ LIST: z.string().transform((text) => ({ parts: text.split(','), key: Buffer.from('k') })) })
  const config = loadConfig(schema, { LIST: 'a,b' })
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.LIST)).toBe(true)
  expect(() => config.LIST.parts.push('c')).toThrow(TypeError)
})

test('only the variables of the schema get into the configuration', () => {
  expect(loadConfig(z.object({ A: z.string() }), { A: '1', HOME: '/root' })).toEqual({ A: '1' })
})

test('a secret shows itself only when asked', () => {
  const config = loadConfig(z.object({ KEY: secret() }), { KEY: 'hunter2' })
  expect(config.KEY).toBeInstanceOf(Secret)
  for (const shown of [String(config.KEY), JSON.stringify(config), inspect(config), inspect(config, { showHidden: true })]) {
    expect(shown).toContain('[redacted]')
    expect(shown).not.toContain('hunter2')
  }
  expect(Object.values(config.KEY)).toEqual([])
  expect(config.KEY.reveal()).toBe('hunter2')
})
