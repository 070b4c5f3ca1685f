import { randomInt } from 'node:crypto'
import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { invoicePaidStep } from './billing.ts'
import { bookingSteps } from './bookings.ts'
import { callSteps, ringingStep } from './calls.ts'
import { messageStep } from './messages.ts'
import { ownSystemStep } from './own-system.ts'
import { duplicate, forged, unknownNumber } from './refusals.ts'
import type { Step } from './step.ts'

/** The story of every company, from a call to a paid invoice; then a duplicate, a forged webhook, and one of an unknown number. */
export function scenario(manifest: Manifest, now: Date): Step[] {
  const calls = manifest.companies.map((company) => callSteps(manifest, company, now))
  const [first, second] = manifest.companies
  const [, ended] = calls[0] ?? []
  if (!first || !second || !ended) throw new Error('the demonstration needs two companies')
  return [
    ...manifest.companies.flatMap((company, index) => [
      ringingStep(manifest, company, now),
      ...(calls[index] ?? []),
      ...afterTheCall(manifest, company, now),
    ]),
    duplicate(ended),
    forged(manifest, first, second, now),
    unknownNumber(manifest, now),
  ]
}

function afterTheCall(manifest: Manifest, company: DemoCompany, now: Date): Step[] {
  return [
    ...bookingSteps(manifest, company, customerNumber(), now),
    messageStep(manifest, company, customerNumber()),
    invoicePaidStep(manifest, company),
    ownSystemStep(manifest, company, now),
  ]
}

/** A German mobile number of a range that Frontdesk's own numbers are not in, another one each time. */
function customerNumber(): string {
  return `+4915${randomInt(100_000_000, 1_000_000_000)}`
}
