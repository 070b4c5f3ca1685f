import { ProviderError, type ProviderFailures } from '../shared/provider.ts'

/** A refusal as Cal.com's API v2 tells it, by the name of its exception. */
function calcomError(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}): ProviderError {
  return new ProviderError(
    status,
    { status: 'error', error: { code, message, details: { message, error: code, statusCode: status } } },
    headers,
  )
}

export const badRequest = (message: string): ProviderError => calcomError(400, 'BadRequestException', message)
export const notFound = (message: string): ProviderError => calcomError(404, 'NotFoundException', message)
export const unauthorized = (message: string): ProviderError => calcomError(401, 'UnauthorizedException', message)

export const calcomFailures: ProviderFailures = {
  rateLimited: () =>
    calcomError(429, 'ThrottlerException', 'Too many requests. Please try again later.', {
      'retry-after': '1',
      'x-ratelimit-remaining': '0',
    }),
  internal: () => calcomError(500, 'InternalServerErrorException', 'Internal server error'),
  notFound: (method, path) => notFound(`Cannot ${method} ${path}`),
  unreadable: (detail) => badRequest(detail),
}
