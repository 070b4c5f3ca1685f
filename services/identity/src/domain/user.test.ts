import { isFrontdeskError } from '@frontdesk/errors'
import { expect, test } from 'vitest'
import { checkNewPassword } from './password.ts'
import { companiesFor, newUser, normalizeEmail } from './user.ts'

const draft = {
  id: 'usr_1',
  email: ' Ada@Salon.Example ',
  name: ' Ada ',
  companyIds: ['cmp_a', 'cmp_a'],
  operator: false,
  createdAt: new Date(0),
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'ok'
  } catch (error) {
    return isFrontdeskError(error) ? error.code : 'other'
  }
}

test('an address has one writing, and a company is named once', () => {
  expect(newUser(draft)).toMatchObject({ email: 'ada@salon.example', name: 'Ada', companyIds: ['cmp_a'], secondFactor: false })
  expect(normalizeEmail('ＡDA@salon.example')).toBe('ada@salon.example')
})

test.for([
  ['no address', { email: 'ada' }],
  ['an address too long', { email: `a@${'b'.repeat(260)}.example` }],
  ['no name', { name: ' ' }],
  ['nobody to act for', { companyIds: [] }],
  ['an operator of one company', { operator: true }],
])('a user with %s is refused', ([, change]) => {
  expect(codeOf(() => newUser({ ...draft, ...(change as object) }))).toBe('invalid_argument')
})

test('a user acts for its own companies, an operator for all or those it names', () => {
  const user = newUser({ ...draft, companyIds: ['cmp_a', 'cmp_b'] })
  const operator = newUser({ ...draft, companyIds: [], operator: true })
  expect([companiesFor(user, []), companiesFor(user, ['cmp_b']), companiesFor(user, ['cmp_b', 'cmp_c'])]).toEqual([
    ['cmp_a', 'cmp_b'],
    ['cmp_b'],
    undefined,
  ])
  expect([companiesFor(operator, []), companiesFor(operator, ['cmp_c'])]).toEqual(['all', ['cmp_c']])
})

test.for([
  ['elevenchars', 'invalid_argument'],
  ['twelve chars', 'ok'],
  ['a'.repeat(257), 'invalid_argument'],
  ['abababababab', 'invalid_argument'],
  ['my ada@salon.example', 'invalid_argument'],
  // More than a login takes, though it is 256 characters once it is composed.
  ['a\u0302\u0301'.repeat(200) + 'x', 'invalid_argument'],
  ['😀😁😂😃😄😅😆😇😈😉😊😋', 'ok'],
])('the password %s: %s', ([password = '', verdict]) => {
  expect(codeOf(() => checkNewPassword(password, 'ada@salon.example'))).toBe(verdict)
})
