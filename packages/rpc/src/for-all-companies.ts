import { requireAllCompanies } from './caller.ts'

type Method<Request, Response> = (request: Request, context: object) => Promise<Response>

/** The same methods, each of which needs a token for all companies first. */
export function forAllCompanies<Methods extends { [Name in keyof Methods]: Method<never, unknown> }>(methods: Methods): Methods {
  const guarded = Object.entries<Method<never, unknown>>(methods).map(([name, method]) => {
    const guard: Method<never, unknown> = async (request, context) => {
      requireAllCompanies(context)
      return method(request, context)
    }
    return [name, guard] as const
  })
  return Object.fromEntries(guarded) as Methods
}
