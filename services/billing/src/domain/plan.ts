import { invalidArgument } from '@frontdesk/errors'

/** An amount in the currency's minor unit, such as cents. */
export interface Money {
  readonly amountMinor: bigint
  /** ISO 4217, upper case. */
  readonly currency: string
}

/** What a company pays: a fee for each period, and prices of what goes beyond. All amounts are of `currency`. */
export interface Plan {
  /** TypeID, `plan_…`. */
  readonly id: string
  readonly name: string
  readonly currency: string
  /** Of one period, in advance. */
  readonly baseFeeMinor: bigint
  readonly includedMinutes: number
  readonly furtherMinuteMinor: bigint
  readonly messageMinor: bigint
  /** The payment provider's price of the base fee. */
  readonly providerPriceId: string
}

/** What somebody wants a plan to be. */
export interface PlanDraft {
  readonly name: string
  readonly baseFee: Money | undefined
  readonly includedMinutes: bigint
  readonly pricePerFurtherMinute: Money | undefined
  readonly pricePerMessage: Money | undefined
  readonly providerPriceId: string
}

/** So that no invoice of a million minutes leaves 64 bits. */
const amountMax = 1_000_000_000_000n
const includedMinutesMax = 10_000_000n
const nameMax = 255
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))
const controlCharacter = /\p{Cc}/u

/** @throws FrontdeskError invalid_argument that names the field. */
export function newPlan(id: string, draft: PlanDraft): Plan {
  const name = draft.name.trim()
  if (name === '' || name.length > nameMax || controlCharacter.test(name))
    throw invalidArgument(`name: give 1 to ${nameMax} printable characters`)
  if (!/^[!-~]{1,255}$/.test(draft.providerPriceId)) throw invalidArgument('provider_price_id: give the payment provider’s id of the price')
  if (draft.includedMinutes > includedMinutesMax) throw invalidArgument(`included_minutes: at most ${includedMinutesMax}`)
  const baseFee = amountOf('base_fee', draft.baseFee)
  const furtherMinute = amountOf('price_per_further_minute', draft.pricePerFurtherMinute)
  const message = amountOf('price_per_message', draft.pricePerMessage)
  const given = new Set([baseFee, furtherMinute, message].map(({ currency }) => currency))
  if (given.size > 1) throw invalidArgument('base_fee, price_per_further_minute, price_per_message: give all in one currency')
  return {
    id,
    name,
    currency: baseFee.currency,
    baseFeeMinor: baseFee.amountMinor,
    includedMinutes: Number(draft.includedMinutes),
    furtherMinuteMinor: furtherMinute.amountMinor,
    messageMinor: message.amountMinor,
    providerPriceId: draft.providerPriceId,
  }
}

function amountOf(field: string, money: Money | undefined): Money {
  if (!money) throw invalidArgument(`${field}: is missing`)
  if (!currencies.has(money.currency)) throw invalidArgument(`${field}.currency: give a currency's three upper-case letters (ISO 4217)`)
  if (money.amountMinor < 0n || money.amountMinor > amountMax) throw invalidArgument(`${field}.amount_minor: give 0 to ${amountMax}`)
  return money
}
