import { Company } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { companyIdOf, withDirectory } from '../directory.ts'
import { UsageError } from '../errors.ts'
import { fields, instant, json } from '../format.ts'
import { printPage } from '../page.ts'
import { rpcArgs } from '../rpc.ts'

const companyArg = {
  company: { type: 'positional', description: 'Company id (cmp_…), or the beginning of a name', required: true },
} as const
const timeZoneArg = { type: 'string', description: 'IANA time zone, such as Europe/Berlin', valueHint: 'zone' } as const

/** The companies that Frontdesk serves. */
export function companies(context: CliContext): Group {
  return {
    description: 'The companies that Frontdesk serves.',
    commands: {
      list: leaf('List the companies, the oldest first.', { ...pageArgs, ...rpcArgs }, async ({ args }) => {
        const page = await withDirectory(context, args, (directory) => directory.listCompanies(pageOf(args)))
        printPage(context, args, {
          name: 'companies',
          items: page.companies,
          nextPageToken: page.nextPageToken,
          toJSON: (company) => Company.toJSON(company),
          headings: ['COMPANY', 'TIME ZONE', 'DEACTIVATED', 'NAME'],
          row: ({ companyId, timeZone, deactivatedAt, name }) => [companyId, timeZone, instant(deactivatedAt) || '-', name],
          empty: 'There is no company. Make one with `pnpm frontdesk companies create`.',
        })
      }),
      show: leaf('Show a company.', { ...companyArg, ...rpcArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        show(context, args, (await withDirectory(context, args, (directory) => directory.getCompany({ companyId }))).company)
      }),
      create: leaf(
        'Take a company into the directory.',
        {
          name: { type: 'string', description: 'What it is called', required: true },
          'time-zone': { ...timeZoneArg, required: true },
          ...rpcArgs,
        },
        async ({ args }) => {
          const request = { name: args.name, timeZone: args['time-zone'] }
          show(context, args, (await withDirectory(context, args, (directory) => directory.createCompany(request))).company)
        },
      ),
      update: leaf(
        'Give a company another name or time zone.',
        { ...companyArg, name: { type: 'string', description: 'What it is called from now on' }, 'time-zone': timeZoneArg, ...rpcArgs },
        async ({ args }) => {
          const change = { name: args.name, timeZone: args['time-zone'] }
          if (change.name === undefined && change.timeZone === undefined)
            throw new UsageError('What is to change? Give --name or --time-zone.')
          const companyId = await companyIdOf(context, args, args.company)
          show(
            context,
            args,
            (await withDirectory(context, args, (directory) => directory.updateCompany({ companyId, ...change }))).company,
          )
        },
      ),
      deactivate: switched(context, 'End a company’s service: its events are quarantined from now on.', 'deactivateCompany'),
      reactivate: switched(context, 'Take up a company’s service again. What was quarantined meanwhile stays there.', 'reactivateCompany'),
    },
  }
}

function switched(context: CliContext, description: string, method: 'deactivateCompany' | 'reactivateCompany'): Leaf {
  return leaf(description, { ...companyArg, ...rpcArgs }, async ({ args }) => {
    const companyId = await companyIdOf(context, args, args.company)
    show(context, args, (await withDirectory(context, args, (directory) => directory[method]({ companyId }))).company)
  })
}

function show(context: CliContext, args: { readonly json?: boolean | undefined }, company: Company | undefined): void {
  const { companyId, name, timeZone, createdAt, deactivatedAt } = company ?? {}
  context.out(
    args.json
      ? json({ company: company && Company.toJSON(company) })
      : fields({
          Company: companyId,
          Name: name,
          'Time zone': timeZone,
          Created: instant(createdAt),
          Deactivated: instant(deactivatedAt),
        }),
  )
}
