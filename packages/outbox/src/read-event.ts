import type { EventEnvelope } from '@frontdesk/bus'
import { type CompanyId, decodePayload, type EventType, type PayloadOf } from '@frontdesk/contracts'
import { FrontdeskError, invalidArgument } from '@frontdesk/errors'

/** The company that the event was attributed to. @throws FrontdeskError `invalid_argument` if there is none. */
export function companyOf({ envelope: { companyId } }: { readonly envelope: Pick<EventEnvelope, 'companyId'> }): CompanyId {
  if (!companyId) throw invalidArgument('An event of a company names no company.')
  return companyId
}

/**
 * The payload of an event of that type.
 * @throws FrontdeskError `invalid_argument`: a body that can't be read now can't be read later, and retrying it would only delay its dead letter.
 */
export function readPayload<Type extends EventType>(type: Type, body: Uint8Array): PayloadOf<Type> {
  try {
    return decodePayload(type, body)
  } catch (error) {
    throw new FrontdeskError('invalid_argument', { publicMessage: `The body is no payload of ${type}.`, cause: error })
  }
}
