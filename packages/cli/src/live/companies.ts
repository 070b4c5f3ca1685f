import { DirectoryServiceDefinition, isCompanyId, type Company } from '@frontdesk/contracts'
import { chooseByName } from '../company-name.ts'
import type { CliContext } from '../context.ts'
import { withService } from '../rpc.ts'

interface Flags {
  readonly address?: string | undefined
  readonly token?: string | undefined
}

/** The directory's companies, up to 2,000. @throws CommandError or UsageError if it can't be asked. */
async function listCompanies(context: CliContext, flags: Flags): Promise<Company[]> {
  return withService(
    context,
    'company-resolver',
    DirectoryServiceDefinition,
    flags,
    async (directory) => {
      const found: Company[] = []
      let pageToken = ''
      for (let page = 0; page < 10; page++) {
        // Each page begins where the one before ended.
        const { companies, nextPageToken } = await directory.listCompanies({ pageSize: 200, pageToken })
        found.push(...companies)
        pageToken = nextPageToken
        if (pageToken === '') break
      }
      return found
    },
    ['listCompanies'],
  )
}

/** Companies as an operator speaks of them. */
export interface Companies {
  /** The id that `--company` means: one, or the beginning of one name. */
  readonly chosenId: string | undefined
  nameOf(companyId: string): string
}

/** Asks the directory for names; where it can't be asked, ids are shown, and only an id can be chosen. */
export async function findCompanies(context: CliContext, flags: Flags & { readonly company?: string | undefined }): Promise<Companies> {
  const chosen = flags.company
  const isId = chosen !== undefined && isCompanyId(chosen)
  const listed = listCompanies(context, flags)
  // A name can't do without the directory.
  const companies = await (chosen === undefined || isId ? listed.catch(() => []) : listed)
  const names = new Map(companies.map(({ companyId, name }) => [companyId, name]))
  return {
    chosenId: chosen === undefined || isId ? chosen : chooseByName(companies, chosen).companyId,
    nameOf: (companyId) => names.get(companyId) ?? companyId,
  }
}
