import type { Provider } from '../provider.ts'
import { normalizeStandard } from './normalize.ts'
import { verifyStandard } from './signature.ts'

export const standard: Provider = {
  name: 'standard',
  bodyLimitBytes: 1024 * 1024,
  verify: verifyStandard,
  normalize: normalizeStandard,
}
