import type { ReceivedEvent } from '@frontdesk/bus'
import { decodePayload } from '@frontdesk/contracts'
import type { EventType, PayloadOf } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'

/** An event of Frontdesk, told apart by its type. */
export type FrontdeskEvent<Type extends EventType = EventType> = {
  [One in Type]: {
    readonly type: One
    readonly payload: PayloadOf<One>
    /** The same for ever, however often it is sent: 64 hex digits. */
    readonly id: string
    /** 1 at first; a raised one amends what an earlier one did. */
    readonly revision: number
    /** When it happened. */
    readonly time: Date
    readonly companyId: string
    /** The id of what it is about: an appointment, a call, … */
    readonly entityId: string
    readonly correlationId: string
    readonly causationId: string | undefined
    /** How sure the attribution to the company was, 0 to 1; undefined where nothing was attributed. */
    readonly confidence: number | undefined
  }
}[Type]

/** The event as its handler gets it. @throws FrontdeskError `invalid_argument` if its body is no payload of its type. */
export function toEvent<Type extends EventType>({ envelope, body }: ReceivedEvent): FrontdeskEvent<Type> {
  const { type, id, revision, time, subject: entityId, correlationId, causationId, confidence, companyId = '' } = envelope
  try {
    const payload = decodePayload(type, body)
    const event = { type, payload, id, revision, time, companyId, entityId, correlationId, causationId, confidence }
    // The caller subscribed to its types, and the payload is of the type that stands beside it.
    return event as unknown as FrontdeskEvent<Type>
  } catch (cause) {
    throw new FrontdeskError('invalid_argument', { publicMessage: `The body is no payload of ${type}.`, cause })
  }
}
