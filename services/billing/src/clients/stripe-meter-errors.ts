import { FrontdeskError } from '@frontdesk/errors'
import { z } from 'zod'
import type { MeterError } from '../app/ports.ts'

const sample = z.object({ request: z.object({ identifier: z.string().min(1) }) })

const errorCount = z.number().int().nonnegative().catch(0)

const failure = z.object({
  data: z.object({
    reason: z.object({
      error_count: errorCount,
      error_types: z.array(z.object({ code: z.string(), error_count: errorCount, sample_errors: z.array(z.unknown()).catch([]) })),
    }),
  }),
})

/**
 * What a meter's event says could not be counted, by its reasons. What can't be read of it leaves the rest as it is: a sample that names no report is
 * one of those without a name.
 * @throws FrontdeskError `failed_precondition` if it gives no reasons.
 */
export function toMeterErrors(event: unknown): MeterError[] {
  const { data, error } = failure.safeParse(event)
  if (!data)
    throw new FrontdeskError('failed_precondition', {
      publicMessage: 'Stripe’s event does not say what could not be counted.',
      cause: error,
    })
  const { error_types: types, error_count: total } = data.data.reason
  const errors = types.map(({ code, error_count: count, sample_errors: samples }): MeterError => {
    const identifiers = [...new Set(samples.flatMap((each) => sample.safeParse(each).data?.request.identifier ?? []))]
    return { code, errors: Math.max(count, identifiers.length), identifiers }
  })
  const rest = total - errors.reduce((sum, each) => sum + each.errors, 0)
  return rest > 0 ? [...errors, { code: 'unspecified', errors: rest, identifiers: [] }] : errors
}
