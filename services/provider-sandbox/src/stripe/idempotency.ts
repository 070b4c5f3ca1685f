import { keyUsedOtherwise } from './errors.ts'
import type { KeptAnswer, StripeState } from './state.ts'

/** The answer that this key got before, if it did. @throws ProviderError where it was another request's key. */
export function keptAnswer(state: StripeState, key: string, request: string): KeptAnswer | undefined {
  const kept = state.answers.get(key)
  if (kept && kept.request !== request) throw keyUsedOtherwise(key)
  return kept
}

/** What tells two requests apart: parameters in another order are the same. */
export function fingerprintOf(method: string, path: string, parameters: Record<string, unknown>): string {
  return `${method} ${path} ${JSON.stringify(sorted(parameters))}`
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  )
}
