import { requireAllCompanies } from './caller.ts'

type Method = (request: never, context: never) => Promise<unknown>

/** The same methods, each of which needs a token for all companies first. */
export function forAllCompanies<Methods extends { [Name in keyof Methods]: Method }>(methods: Methods): Methods {
  const guarded = Object.entries<Method>(methods).map(([name, method]) => {
    const guard: Method = async (request, context) => {
      requireAllCompanies(context)
      return method(request, context)
    }
    return [name, guard] as const
  })
  return Object.fromEntries(guarded) as Methods
}
