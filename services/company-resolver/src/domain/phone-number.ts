import { FrontdeskError, invalidArgument } from '@frontdesk/errors'
import { isE164 } from './evidence.ts'
import { endSignal, newSignal, type Signal, type Validity } from './signal.ts'

/** A number at which a company is called, of one of its branches or of all of it. */
export interface PhoneNumber extends Validity {
  readonly id: string
  readonly companyId: string
  readonly branchId: string | undefined
  /** E.164. */
  readonly number: string
}

/**
 * A number, and the signal by which its calls are recognised.
 * @throws FrontdeskError invalid_argument.
 */
export function newPhoneNumber(phoneNumber: PhoneNumber, signalId: string): { phoneNumber: PhoneNumber; signal: Signal } {
  const { id: phoneNumberId, companyId, number: value, validFrom, validUntil } = phoneNumber
  if (!isE164(value))
    throw invalidArgument('number: give a phone number in E.164, + and 7 to 15 digits and nothing else, such as +4930123456')
  const signal = newSignal({ id: signalId, companyId, kind: 'phone_number', value, validFrom, validUntil, origin: { phoneNumberId } })
  return { phoneNumber, signal }
}

/** A number that goes over from one company to another. */
export interface Porting {
  readonly ended: PhoneNumber
  readonly ported: PhoneNumber
  readonly signal: Signal
}

/**
 * The number as it ends at its company, and as it goes on at the other one.
 * @throws FrontdeskError invalid_argument, failed_precondition for one that has ended by then.
 */
export function portPhoneNumber(
  phoneNumber: PhoneNumber,
  to: Pick<PhoneNumber, 'id' | 'companyId' | 'branchId'> & { readonly signalId: string; readonly at: Date },
): Porting {
  const { signalId, at, ...addressee } = to
  if (to.companyId === phoneNumber.companyId) throw invalidArgument('to_company_id: give another company than the one that has the number')
  if (phoneNumber.validFrom && at <= phoneNumber.validFrom) throw invalidArgument('ported_at: must be after the number’s valid_from')
  if (phoneNumber.validUntil && phoneNumber.validUntil <= at) {
    throw new FrontdeskError('failed_precondition', { publicMessage: 'The phone number has ended by then.' })
  }
  const ported = newPhoneNumber({ ...phoneNumber, ...addressee, validFrom: at, validUntil: undefined }, signalId)
  return { ended: endSignal(phoneNumber, at), ported: ported.phoneNumber, signal: ported.signal }
}
