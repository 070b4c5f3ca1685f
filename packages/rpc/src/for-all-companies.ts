import { requireAllCompanies } from './caller.ts'

type Method = (request: never, context: never) => Promise<unknown>

/** The same methods, each of which needs a token for all companies first; of the named callers alone, if any are named. */
export function forAllCompanies<Methods extends { [Name in keyof Methods]: Method }>(
  methods: Methods,
  allowedCallers?: readonly string[],
): Methods {
  const guarded = Object.entries<Method>(methods).map(([name, method]) => {
    const guard: Method = async (request, context) => {
      requireAllCompanies(context, allowedCallers)
      return method(request, context)
    }
    return [name, guard] as const
  })
  return Object.fromEntries(guarded) as Methods
}
