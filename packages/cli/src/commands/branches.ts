import { Branch } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { companyArgs, companyIdOf, withBranches } from '../directory.ts'
import { UsageError } from '../errors.ts'
import { fields, instant, json } from '../format.ts'
import { printPage } from '../page.ts'

const branchArg = { branch: { type: 'positional', description: 'Branch id (brn_…)', required: true } } as const

/** Where the companies work. */
export function branches(context: CliContext): Group {
  return {
    description: 'Where the companies work.',
    commands: {
      list: leaf('List a company’s branches, the oldest first.', { ...companyArgs, ...pageArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        const page = await withBranches(context, args, (service) => service.listBranches({ companyId, ...pageOf(args) }))
        printPage(context, args, {
          name: 'branches',
          items: page.branches,
          nextPageToken: page.nextPageToken,
          toJSON: (branch) => Branch.toJSON(branch),
          headings: ['BRANCH', 'TIME ZONE', 'DEACTIVATED', 'NAME'],
          row: ({ branchId, timeZone, deactivatedAt, name }) => [branchId, timeZone, instant(deactivatedAt) || '-', name],
          empty: 'The company has no branch.',
        })
      }),
      show: leaf('Show a branch.', { ...branchArg, ...companyArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        const { branch } = await withBranches(context, args, (service) => service.getBranch({ companyId, branchId: args.branch }))
        show(context, args, branch)
      }),
      create: leaf(
        'Open a branch.',
        {
          name: { type: 'string', description: 'What it is called', required: true },
          'time-zone': { type: 'string', description: 'IANA time zone; the company’s when left out', valueHint: 'zone' },
          ...companyArgs,
        },
        async ({ args }) => {
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, name: args.name, timeZone: args['time-zone'] ?? '' }
          show(context, args, (await withBranches(context, args, (service) => service.createBranch(request))).branch)
        },
      ),
      update: leaf(
        'Give a branch another name or time zone.',
        {
          ...branchArg,
          name: { type: 'string', description: 'What it is called from now on' },
          'time-zone': { type: 'string', description: 'IANA time zone, such as Europe/Berlin', valueHint: 'zone' },
          ...companyArgs,
        },
        async ({ args }) => {
          const change = { name: args.name, timeZone: args['time-zone'] }
          if (change.name === undefined && change.timeZone === undefined)
            throw new UsageError('What is to change? Give --name or --time-zone.')
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, branchId: args.branch, ...change }
          show(context, args, (await withBranches(context, args, (service) => service.updateBranch(request))).branch)
        },
      ),
      deactivate: leaf('Close a branch; its phone numbers stay the company’s.', { ...branchArg, ...companyArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        const { branch } = await withBranches(context, args, (service) => service.deactivateBranch({ companyId, branchId: args.branch }))
        show(context, args, branch)
      }),
    },
  }
}

function show(context: CliContext, args: { readonly json?: boolean | undefined }, branch: Branch | undefined): void {
  const { branchId, companyId, name, timeZone, createdAt, deactivatedAt } = branch ?? {}
  context.out(
    args.json
      ? json({ branch: branch && Branch.toJSON(branch) })
      : fields({
          Branch: branchId,
          Company: companyId,
          Name: name,
          'Time zone': timeZone,
          Created: instant(createdAt),
          Deactivated: instant(deactivatedAt),
        }),
  )
}
