import { ProviderError, type ProviderFailures } from '../shared/provider.ts'
import { randomText } from '../shared/ids.ts'

/** Meta's errors that callers have to tell apart: status of the answer and title. */
const known: Readonly<Record<number, readonly [status: number, title: string]>> = {
  100: [400, 'Invalid parameter'],
  190: [401, 'Invalid OAuth access token - Cannot parse access token'],
  130429: [429, 'Rate limit hit'],
  130472: [400, "User's number is part of an experiment"],
  131000: [500, 'Something went wrong'],
  131009: [400, 'Parameter value is not valid'],
  131026: [400, 'Message undeliverable'],
  131042: [400, 'Business eligibility payment issue'],
  131047: [400, 'Re-engagement message'],
  131048: [429, 'Spam rate limit hit'],
  131049: [400, 'This message was not delivered to maintain healthy ecosystem engagement.'],
  131050: [400, 'User has stopped marketing messages'],
  131051: [400, 'Unsupported message type'],
  131056: [400, '(Business Account, Consumer Account) pair rate limit hit'],
  131062: [400, 'Business-scoped user ids are not supported here'],
  132000: [400, 'Number of parameters does not match the expected number of params'],
  132001: [404, 'Template name does not exist in the translation'],
  132015: [400, 'Template is paused'],
}

/** A refusal as the Graph API tells it. */
export function graphError(code: number, details?: string, headers: Readonly<Record<string, string>> = {}): ProviderError {
  const [status, title] = known[code] ?? [400, 'Unknown error']
  const message = code === 190 ? title : `(#${code}) ${title}`
  return new ProviderError(
    status,
    {
      error: {
        message,
        type: 'OAuthException',
        code,
        ...(details !== undefined && { error_data: { messaging_product: 'whatsapp', details } }),
        fbtrace_id: randomText(23),
      },
    },
    headers,
  )
}

/** An error as a status webhook tells it. */
export function statusError(code: number): object {
  const title = known[code]?.[1] ?? 'Unknown error'
  return {
    code,
    title,
    message: title,
    error_data: { details: `${title}.` },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  }
}

export const whatsappFailures: ProviderFailures = {
  rateLimited: () =>
    graphError(130429, 'Message failed to send because there were too many messages sent from this phone number.', { 'retry-after': '1' }),
  internal: () => graphError(131000, 'Message failed to send due to an unknown error.'),
  notFound: (method, path) =>
    new ProviderError(400, {
      error: {
        message: `Unsupported ${method.toLowerCase()} request: ${path}`,
        type: 'GraphMethodException',
        code: 100,
        error_subcode: 33,
        fbtrace_id: randomText(23),
      },
    }),
  unreadable: (detail) => graphError(100, detail),
}
