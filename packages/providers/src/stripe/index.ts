import type { Provider } from '../provider.ts'
import { normalizeStripe } from './normalize.ts'
import { verifyStripe } from './signature.ts'

export const stripe: Provider = {
  name: 'stripe',
  bodyLimitBytes: 1024 * 1024,
  verify: verifyStripe,
  normalize: normalizeStripe,
}
