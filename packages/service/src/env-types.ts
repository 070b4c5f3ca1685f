import { z } from 'zod'
import { Secret } from './secret.ts'

/** A variable whose value must not be seen: a Secret. */
export function secret() {
  return z.string().transform((value) => new Secret(value))
}

/** A whole number in plain decimal digits; unlike `z.coerce.number()` it takes neither `1e3` nor `0x10` nor blanks. */
export function integer(range: { min?: number; max?: number } = {}) {
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = range
  return z
    .string()
    .regex(/^-?\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`))
}

/** A TCP port; 0 is any free one. */
export function port() {
  return integer({ min: 0, max: 65_535 })
}
