import { ProviderError, type ProviderFailures } from '../shared/provider.ts'

/** What stands in Stripe's `error` besides its type. */
interface ErrorDetails {
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

export function noSuch(kind: string, id: string, param = 'id', status = 404): ProviderError {
  return invalidRequest({ code: 'resource_missing', message: `No such ${kind}: '${id}'`, param }, status)
}

export function missingParameter(param: string): ProviderError {
  return invalidRequest({ code: 'parameter_missing', message: `Missing required param: ${param}.`, param })
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
