import { BranchServiceDefinition, DirectoryServiceDefinition, EvidenceKind } from '@frontdesk/contracts'
import type { RpcClient } from '@frontdesk/rpc'
import { moment } from './arguments.ts'
import type { CliContext } from './context.ts'
import { UsageError } from './errors.ts'
import { enumName, instant } from './format.ts'
import { findCompanies } from './live/companies.ts'
import { type RpcFlags, rpcArgs, withService } from './rpc.ts'

/** The options of a command on what one company has. */
export const companyArgs = {
  company: { type: 'string', description: 'Whose it is: an id (cmp_…), or the beginning of a name', required: true },
  ...rpcArgs,
} as const

/** The id of the company that a person means. */
export async function companyIdOf(context: CliContext, flags: RpcFlags, company: string): Promise<string> {
  if (company.startsWith('cmp_')) return company
  return (await findCompanies(context, { address: flags.address, token: flags.token, company })).chosenId ?? company
}

/** Calls the directory's companies, connections and signals. */
export function withDirectory<Result>(
  context: CliContext,
  flags: RpcFlags,
  work: (directory: RpcClient<typeof DirectoryServiceDefinition>) => Promise<Result>,
): Promise<Result> {
  const reads = ['getCompany', 'listCompanies', 'getConnection', 'listConnections', 'listSignals'] as const
  return withService(context, 'company-resolver', DirectoryServiceDefinition, flags, work, [...reads])
}

/** Calls the directory's branches and phone numbers. */
export function withBranches<Result>(
  context: CliContext,
  flags: RpcFlags,
  work: (branches: RpcClient<typeof BranchServiceDefinition>) => Promise<Result>,
): Promise<Result> {
  return withService(context, 'company-resolver', BranchServiceDefinition, flags, work, ['getBranch', 'listBranches', 'listPhoneNumbers'])
}

/** Reads an optional instant: with its offset, a day in UTC, or a duration back from now. */
export function momentOf(context: CliContext, name: string, text: string | undefined): Date | undefined {
  return text === undefined ? undefined : moment(name, text, context.now())
}

const prefix = 'EVIDENCE_KIND_'
const kinds = new Map(
  Object.values(EvidenceKind)
    .filter((kind) => kind !== EvidenceKind.UNSPECIFIED && kind !== EvidenceKind.ENTITY && kind !== EvidenceKind.UNRECOGNIZED)
    .map((kind) => [kind.slice(prefix.length).toLowerCase(), kind]),
)

/** Reads the kind of a signal, such as voice_agent. */
export function signalKind(name: string, text: string): EvidenceKind {
  const kind = kinds.get(text.replaceAll('-', '_'))
  if (!kind) throw new UsageError(`${name}: there is no kind "${text}". Give one of ${[...kinds.keys()].join(', ')}.`)
  return kind
}

/** The kind of a signal as people say it. */
export const kindName = (kind: EvidenceKind) => enumName(kind, prefix)

/** From when until when something counts; `always` where both sides are open. */
export function validityText({ validFrom, validUntil }: { validFrom?: Date | undefined; validUntil?: Date | undefined }): string {
  if (!validFrom && !validUntil) return 'always'
  return [validFrom ? `from ${instant(validFrom)}` : '', validUntil ? `until ${instant(validUntil)}` : ''].filter(Boolean).join(' ')
}
