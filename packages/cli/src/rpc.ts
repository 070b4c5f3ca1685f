import { AccountServiceDefinition } from '@frontdesk/contracts'
import { isFrontdeskError, type ErrorCode } from '@frontdesk/errors'
import { createRpcClient, fixedToken, noToken, type RpcClient, type RpcClientOptions } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import type { CliContext } from './context.ts'
import { CommandError } from './errors.ts'
import type { SavedSession } from './session-file.ts'
import { findAddress, findToken, type Found, type ServiceName } from './targets.ts'

/** The options of every command that calls a service. */
export const rpcArgs = {
  address: { type: 'string', description: 'host:port of the service', valueHint: 'host:port' },
  token: { type: 'string', description: 'Caller token; better in FRONTDESK_TOKEN, since flags are visible to other users' },
  json: { type: 'boolean', description: 'Print JSON' },
} as const

type Definition = Parameters<typeof createRpcClient>[0]

/** What those options may say. */
export interface RpcFlags {
  readonly address?: string | undefined
  readonly token?: string | undefined
}

/** Calls a service as the flags, the environment, the login or dev.json say, and explains a failure by what to do next. */
export async function withService<Service extends Definition, Result>(
  context: CliContext,
  name: ServiceName,
  definition: Service,
  flags: RpcFlags,
  work: (client: RpcClient<Service>) => Promise<Result>,
  retryMethods: NonNullable<RpcClientOptions<Service>['retryMethods']> = [],
): Promise<Result> {
  const address = await findAddress(context, name, flags.address)
  const token = await findToken(context, flags.token, (session) => exchange(session, name))
  return call({ name, definition, address, token }, work, retryMethods)
}

/** Calls identity where it needs no caller token. */
export function withIdentity<Result>(
  address: Found,
  work: (client: RpcClient<typeof AccountServiceDefinition>) => Promise<Result>,
): Promise<Result> {
  return call({ name: 'identity', definition: AccountServiceDefinition, address, token: undefined }, work, [])
}

/** A caller token for the service, in exchange for the login. */
export async function exchange({ identityAddress, sessionToken }: SavedSession, audience: ServiceName): Promise<string> {
  const { token } = await withIdentity({ value: identityAddress, from: 'the login' }, (accounts) =>
    accounts.issueUserToken({ sessionToken, audience: [audience] }),
  )
  return token
}

interface Target<Service> {
  readonly name: ServiceName
  readonly definition: Service
  readonly address: Found
  readonly token: Found | undefined
}

async function call<Service extends Definition, Result>(
  { name, definition, address, token }: Target<Service>,
  work: (client: RpcClient<Service>) => Promise<Result>,
  retryMethods: NonNullable<RpcClientOptions<Service>['retryMethods']>,
): Promise<Result> {
  await using telemetry = createTelemetry({ service: 'frontdesk-cli', logLevel: 'silent', sampleRatio: 0 })
  const issuer = token ? fixedToken(token.value) : noToken()
  const options = { address: address.value, audience: name, issuer, telemetry, deadlineMs: 10_000, retryMethods }
  await using client = createRpcClient(definition, options)
  return await work(client).catch((error: unknown) => {
    if (!isFrontdeskError(error)) throw error
    const hint = hintOf(error.code, name, address, token)
    const message = error.publicMessage.startsWith(name) ? error.publicMessage : `${name}: ${error.publicMessage}`
    throw new CommandError(`${message} [${error.code}]`, { ...(hint === undefined ? {} : { hint }), cause: error })
  })
}

function hintOf(code: ErrorCode, name: ServiceName, address: Found, token: Found | undefined): string | undefined {
  switch (code) {
    case 'unavailable':
    case 'deadline_exceeded':
      return `Its address is ${address.value} (from ${address.from}). Does it run? If the address is an old one, start ./scripts/dev again or pass --address.`
    case 'token_missing':
    case 'token_invalid':
    case 'token_expired':
      return (
        token &&
        `The token is from ${token.from}. Log in again, or make one with \`pnpm frontdesk token issue --key … --audience ${name} --companies all\`.`
      )
    case 'permission_denied':
      return token && `The token is from ${token.from}. Make one for these companies (\`pnpm frontdesk token issue … --companies all\`).`
    default:
      return undefined
  }
}
