import { expect, test } from 'vitest'
import { serializeError } from './error-serializer.ts'

test('an error keeps its code and the chain of its causes', () => {
  const refused = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED', errno: -111 })
  const serialized = serializeError(new TypeError('no database', { cause: refused }))
  expect(serialized).toMatchObject({
    type: 'TypeError',
    message: 'no database',
    cause: { type: 'Error', message: 'connect refused', code: 'ECONNREFUSED', errno: -111 },
  })
  expect(serialized.stack).toMatch(/^at .*error-serializer\.test\.ts/)
})

test("a driver's statement and its values are left out", () => {
  const driver = Object.assign(new Error('Duplicate entry'), { code: 'ER_DUP_ENTRY', sqlState: '23000', sql: "insert … 'Ada Lovelace'" })
  const drizzle = Object.assign(new Error('Failed query: insert into customer values (?)\nparams: Ada Lovelace', { cause: driver }), {
    query: 'insert into customer values (?)',
    params: ['Ada Lovelace'],
  })
  const serialized = serializeError(drizzle)
  expect(JSON.stringify(serialized)).not.toContain('Ada')
  expect(serialized.message).toBe('Failed query: insert into customer values (?)')
  expect(serialized.cause).toMatchObject({ code: 'ER_DUP_ENTRY', sqlState: '23000' })
})

test('an outage, which says that it is retryable, is told without frames, and a bug with them', () => {
  const failed = (retryable: boolean) => Object.assign(new Error('no answer', { cause: new Error('timed out') }), { retryable })
  expect(serializeError(failed(true))).toEqual({ type: 'Error', message: 'no answer', cause: { type: 'Error', message: 'timed out' } })
  expect(serializeError(failed(false))).toMatchObject({
    stack: expect.any(String) as string,
    cause: { stack: expect.any(String) as string },
  })
})

test('what is thrown without being an Error is told without its contents', () => {
  expect(serializeError('just text')).toEqual({ type: 'string', message: 'just text' })
  expect(serializeError({ password: 'hunter2' })).toEqual({ type: 'object', message: 'a thrown Object' })
  expect(serializeError(Object.create(null))).toEqual({ type: 'object', message: 'a thrown object' })
  expect(serializeError(undefined)).toEqual({ type: 'undefined', message: 'undefined' })
})

test('a circle of causes ends, and an AggregateError shows its members', () => {
  const first = new Error('first')
  first.cause = new Error('second', { cause: first })
  expect(JSON.stringify(serializeError(first)).match(/"message":"first"/g)).toHaveLength(3)
  expect(serializeError(new AggregateError([new Error('a'), new RangeError('b')], 'all')).errors).toMatchObject([
    { message: 'a' },
    { type: 'RangeError', message: 'b' },
  ])
})
