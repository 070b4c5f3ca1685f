import { resolve } from 'node:path'
// Who holds a caller's private key vouches for what its tokens name.
// oxlint-disable-next-line no-restricted-imports
import { isCompanyId, vouchForCompanyId, type CompanyId } from '@frontdesk/contracts'
import { createTokenIssuer, readPrivateJwk, type PrivateJwk } from '@frontdesk/rpc'
import { durationMs } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { CommandError, UsageError } from '../errors.ts'
import { json } from '../format.ts'

/** Issues caller tokens. */
export function token(context: CliContext): Group {
  return {
    description: 'Caller tokens.',
    commands: {
      issue: leaf(
        'Sign a caller token, and print it.',
        {
          key: { type: 'string', description: 'The caller’s private JWK file', required: true, valueHint: 'file' },
          audience: { type: 'string', description: 'Services that it is for, with commas between', required: true, valueHint: 'services' },
          companies: { type: 'string', description: 'all, or company ids with commas between', required: true, valueHint: 'all|ids' },
          caller: { type: 'string', description: 'Who calls; the key’s caller when left out', valueHint: 'name' },
          actor: { type: 'string', description: 'The person or program behind the caller' },
          ttl: { type: 'string', description: 'How long it lives: 90s, 5m, 2h, 1d', default: '5m', valueHint: 'duration' },
          json: { type: 'boolean', description: 'Print JSON' },
        },
        async ({ args }) => {
          const companies = companiesOf(args.companies)
          const ttlMs = durationMs('--ttl', args.ttl)
          const privateJwk = await readPrivateJwk(resolve(context.cwd, args.key)).catch((error: unknown) => {
            throw new CommandError(error instanceof Error ? error.message : String(error), {
              hint: 'Make a key with `pnpm frontdesk keys create`.',
              cause: error,
            })
          })
          const caller = callerOf(privateJwk, args.caller)
          const issuedAt = context.now()
          const issued = await createTokenIssuer({ privateJwk, caller, clock: () => issuedAt }).issue({
            audience: args.audience.split(',').map((name) => name.trim()),
            companies,
            ttlMs,
            ...(args.actor === undefined ? {} : { actor: args.actor }),
          })
          context.out(args.json ? json({ token: issued, caller, expiresAt: new Date(issuedAt.getTime() + ttlMs).toISOString() }) : issued)
        },
      ),
    },
  }
}

function companiesOf(text: string): readonly CompanyId[] | 'all' {
  if (text === 'all') return 'all'
  const ids = text.split(',').map((id) => id.trim())
  const wrong = ids.find((id) => !isCompanyId(id))
  if (wrong !== undefined) throw new UsageError(`--companies must be "all" or company ids (cmp_…) with commas between; "${wrong}" is none.`)
  return ids.map(vouchForCompanyId)
}

function callerOf({ kid, callers }: PrivateJwk, given: string | undefined): string {
  const [only, ...others] = callers
  const caller = given ?? (others.length === 0 ? only : undefined)
  if (caller === undefined || caller === '*') throw new UsageError(`The key ${kid} is for ${callers.join(', ')}: pass --caller.`)
  if (callers.includes(caller) || callers.includes('*')) return caller
  throw new CommandError(`The key ${kid} may not speak for ${caller}, only for ${callers.join(', ')}.`, {
    hint: `Make one with \`pnpm frontdesk keys create --caller ${caller} --out …\`.`,
  })
}
