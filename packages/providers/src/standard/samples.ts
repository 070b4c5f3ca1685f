import type { JsonObject } from '../json.ts'

/** An event of a company's own system, as the specification shapes it. */
export function standardDefaults(type: string): JsonObject {
  return {
    type,
    timestamp: '2026-11-20T09:00:00.000Z',
    data: { id: `${type.split('.', 1)[0] ?? ''}_01jd3w2k7x`, name: 'Gustav Gast', total: 4900, tags: ['new'] },
  }
}
