import { ProviderError, type ProviderFailures } from '../shared/provider.ts'

/** What stands in Stripe's `error` besides its type. */
export interface ErrorDetails {
  readonly message: string
  readonly code?: string
  readonly param?: string
}

function stripeError(status: number, type: string, details: ErrorDetails, headers: Record<string, string> = {}): ProviderError {
  const docUrl = details.code === undefined ? {} : { doc_url: `https://stripe.com/docs/error-codes/${details.code.replaceAll('_', '-')}` }
  return new ProviderError(status, { error: { ...details, ...docUrl, type } }, headers)
}

/** A request that can not succeed as it is. */
export function invalidRequest(details: ErrorDetails, status = 400): ProviderError {
  return stripeError(status, 'invalid_request_error', details, { 'stripe-should-retry': 'false' })
}

export const noSuch = (kind: string, id: string, param = 'id', status = 404) => invalidRequest(absenceOf(kind, id, param), status)
export const missingParameter = (param: string) => invalidRequest(lackOf(param))

export function absenceOf(kind: string, id: string, param: string): ErrorDetails {
  return { code: 'resource_missing', message: `No such ${kind}: '${id}'`, param }
}

export function lackOf(param: string): ErrorDetails {
  return { code: 'parameter_missing', message: `Missing required param: ${param}.`, param }
}

/** A body that does not fit, in the words of v2: a code and no type. */
export function invalidFields(message: string): ProviderError {
  return new ProviderError(400, { error: { code: 'invalid_fields', message } }, { 'stripe-should-retry': 'false' })
}

/** For a meter event session's token that expired, or never was. */
export function sessionExpired(): ProviderError {
  const error = {
    type: 'temporary_session_expired',
    code: 'billing_meter_event_session_expired',
    message: 'The temporary session token has expired.',
  }
  return new ProviderError(400, { error }, { 'stripe-should-retry': 'false' })
}

export function keyUsedOtherwise(key: string): ProviderError {
  const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`
  return stripeError(400, 'idempotency_error', { message })
}

/** 402, as every refusal of a card. */
export function cardDeclined(): ProviderError {
  return stripeError(402, 'card_error', { code: 'card_declined', message: 'Your card was declined.' })
}

export function unauthorized(message: string): ProviderError {
  return stripeError(401, 'invalid_request_error', { message }, { 'www-authenticate': 'Basic realm="Stripe"' })
}

export const stripeFailures: ProviderFailures = {
  rateLimited: () =>
    stripeError(429, 'invalid_request_error', { code: 'rate_limit', message: 'Request rate limit exceeded.' }, { 'retry-after': '1' }),
  internal: () => stripeError(500, 'api_error', { message: 'An unknown error occurred' }),
  notFound: (method, path) =>
    invalidRequest({ message: `Unrecognized request URL (${method}: ${path}). The sandbox emulates a part of Stripe's API.` }, 404),
  unreadable: (message) => invalidRequest({ message }),
}
