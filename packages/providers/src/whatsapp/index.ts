import type { Provider } from '../provider.ts'
import { normalizeWhatsapp } from './normalize.ts'
import { verifyWhatsapp } from './signature.ts'

export const whatsapp: Provider = {
  name: 'whatsapp',
  // What Meta itself names as the largest payload.
  bodyLimitBytes: 3 * 1024 * 1024,
  verify: verifyWhatsapp,
  normalize: normalizeWhatsapp,
}
