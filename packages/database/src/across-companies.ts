import { AsyncLocalStorage } from 'node:async_hooks'

const scope = new AsyncLocalStorage<string>()

/** Runs the work with statements allowed that concern all companies; the reason, a fixed text, is counted with each of them. */
export function acrossCompanies<T>(reason: string, work: () => PromiseLike<T>): Promise<T> {
  // Awaited inside the scope, since a query of Drizzle's begins only when it is awaited.
  return scope.run(reason, async () => await work())
}

/** The reason of the acrossCompanies that this call is inside of. */
export function reasonAcrossCompanies(): string | undefined {
  return scope.getStore()
}
