import { expect, test } from 'vitest'
import { FrontdeskError, isFrontdeskError, toFrontdeskError } from './index.ts'

test('what the caller may read is apart from what the log says', () => {
  const error = new FrontdeskError('not_found', { publicMessage: 'No such thing.', detail: 'row 7' })
  expect(error).toMatchObject({ publicMessage: 'No such thing.', message: 'No such thing. (row 7)', retryable: false })
})

test('whether to try again follows from the code unless the error says otherwise', () => {
  expect(new FrontdeskError('unavailable', { publicMessage: '' }).retryable).toBe(true)
  expect(new FrontdeskError('unavailable', { publicMessage: '', retryable: false }).retryable).toBe(false)
})

test('a foreign error becomes an internal one that leaks nothing and keeps its cause', () => {
  const cause = new Error('password=hunter2')
  const error = toFrontdeskError(cause)
  expect(error).toMatchObject({ code: 'internal', cause })
  expect(error.publicMessage).not.toContain('hunter2')
  expect(toFrontdeskError(error)).toBe(error)
  expect(toFrontdeskError('text').message).toContain('text')
})

test('an error is told by its code', () => {
  const error = new FrontdeskError('not_found', { publicMessage: '' })
  expect(isFrontdeskError(error)).toBe(true)
  expect(isFrontdeskError(error, 'not_found')).toBe(true)
  expect(isFrontdeskError(error, 'internal')).toBe(false)
  expect(isFrontdeskError(new Error('x'))).toBe(false)
})
