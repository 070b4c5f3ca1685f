import type { Provider } from '../provider.ts'
import { normalizeCalcom } from './normalize.ts'
import { verifyCalcom } from './signature.ts'

export const calcom: Provider = {
  name: 'calcom',
  bodyLimitBytes: 1024 * 1024,
  verify: verifyCalcom,
  normalize: normalizeCalcom,
}
