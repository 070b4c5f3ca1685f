import { invalidArgument } from '@frontdesk/errors'

/** A person with an account. */
export interface User {
  readonly id: string
  /** As `normalizeEmail` writes it. */
  readonly email: string
  readonly name: string
  readonly companyIds: readonly string[]
  /** Acts for every company. */
  readonly operator: boolean
  /** Whether a second factor is in force. */
  readonly secondFactor: boolean
  readonly createdAt: Date
  readonly disabledAt: Date | undefined
}

const emailPattern = /^[^\s@]{1,64}@[^\s@]+\.[^\s@]+$/
const maxEmailBytes = 254
const maxNameLength = 200
const maxCompanies = 100

/** One writing for every address that people take for the same. */
export function normalizeEmail(text: string): string {
  return text.trim().normalize('NFKC').toLowerCase()
}

/**
 * A user as it begins.
 * @throws FrontdeskError invalid_argument.
 */
export function newUser(draft: Pick<User, 'id' | 'email' | 'name' | 'companyIds' | 'operator' | 'createdAt'>): User {
  const email = normalizeEmail(draft.email)
  const name = draft.name.trim()
  const companyIds = [...new Set(draft.companyIds)]
  if (!emailPattern.test(email) || Buffer.byteLength(email) > maxEmailBytes)
    throw invalidArgument('email: give an address, such as ada@salon.example')
  if (name === '' || name.length > maxNameLength) throw invalidArgument(`name: give 1 to ${maxNameLength} characters`)
  if (companyIds.length > maxCompanies) throw invalidArgument(`company_ids: at most ${maxCompanies}`)
  if (draft.operator && companyIds.length > 0) throw invalidArgument('company_ids: an operator acts for all companies; leave them out')
  if (!draft.operator && companyIds.length === 0) throw invalidArgument('company_ids: give at least one, or make the user an operator')
  return { ...draft, email, name, companyIds, secondFactor: false, disabledAt: undefined }
}

/**
 * The companies that a token of this user may name: those asked for, all of the user's if none are.
 * @returns undefined if one of them is not the user's.
 */
export function companiesFor(user: User, asked: readonly string[]): readonly string[] | 'all' | undefined {
  if (user.operator) return asked.length === 0 ? 'all' : asked
  if (asked.length === 0) return user.companyIds
  return asked.every((id) => user.companyIds.includes(id)) ? asked : undefined
}
