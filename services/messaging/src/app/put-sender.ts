import type { CompanyId } from '@frontdesk/contracts'
import { FrontdeskError } from '@frontdesk/errors'
import type { Sender } from '../domain/sender.ts'
import type { Senders } from './ports.ts'
import { checkTemplate } from './send-template.ts'

/** Sets the number from which a company writes. @throws FrontdeskError `invalid_argument`, `already_exists`. */
export function putSender({ senders }: { readonly senders: Senders }) {
  return async (companyId: CompanyId, sender: Sender): Promise<Sender> => {
    for (const [field, value] of [
      ['phone_number_id', sender.phoneNumberId],
      ['business_account_id', sender.businessAccountId],
    ] as const) {
      // They become part of a URL.
      if (!/^\d{1,32}$/.test(value))
        throw new FrontdeskError('invalid_argument', { publicMessage: `${field}: the provider’s id, all digits.` })
    }
    if (sender.confirmationTemplate) checkTemplate({ ...sender.confirmationTemplate, parameters: [] })
    await senders.put(companyId, sender)
    return sender
  }
}
