import { invalid } from '../domain/invalid.ts'

const servicePattern = /^[a-z][a-z0-9-]{0,62}$/
const maxServices = 20

/** @throws FrontdeskError invalid_argument unless it names 1 to 20 services. */
export function checkAudience(audience: readonly string[]): readonly string[] {
  if (audience.length === 0 || audience.length > maxServices || !audience.every((name) => servicePattern.test(name))) {
    throw invalid(`audience: give 1 to ${maxServices} services’ names`)
  }
  return audience
}
