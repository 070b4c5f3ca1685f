import { z } from 'zod'
import { anyObject } from '../schema.ts'

/** A sender's name for a kind of event: by the specification words parted by full stops. */
export const eventName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.:/-]{0,127}$/, 'expected a name of up to 128 letters, digits, or _ . : / -')

/** What a Standard Webhook says by the specification; its data is the sender's own affair. */
export const event = z.object({ type: eventName, data: anyObject.nullish() })
