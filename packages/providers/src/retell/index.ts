import type { Provider } from '../provider.ts'
import { normalizeRetell } from './normalize.ts'
import { verifyRetell } from './signature.ts'

export const retell: Provider = {
  name: 'retell',
  // A long call's transcript comes twice, once word by word with its times.
  bodyLimitBytes: 4 * 1024 * 1024,
  verify: verifyRetell,
  normalize: normalizeRetell,
}
