import { CommandError } from './errors.ts'

/** What there is of a company to name it by. */
interface Named {
  readonly companyId: string
  readonly name: string
}

/**
 * The company of that name, or the one whose name begins so; upper and lower case are one.
 * @throws CommandError if it is none or several, with some that there are, or the hint where there are none.
 */
export function chooseByName<Company extends Named>(companies: readonly Company[], given: string, hintOfNone?: string): Company {
  const wanted = given.toLowerCase()
  const exact = companies.filter(({ name }) => name.toLowerCase() === wanted)
  const matching = exact.length > 0 ? exact : companies.filter(({ name }) => name.toLowerCase().startsWith(wanted))
  const [only] = matching
  if (only && matching.length === 1) return only
  const some = (matching.length > 0 ? matching : companies).slice(0, 5).map(({ companyId, name }) => `${name} (${companyId})`)
  const hint = some.length > 0 ? `There is ${some.join(', ')}.` : hintOfNone
  throw new CommandError(matching.length > 1 ? `Several companies are called "${given}".` : `No company is called "${given}".`, {
    ...(hint !== undefined && { hint }),
  })
}
