import { AuditEntry, AuditServiceDefinition } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { companyIdOf } from '../directory.ts'
import { UsageError } from '../errors.ts'
import { instant } from '../format.ts'
import { printPage } from '../page.ts'
import { rpcArgs, withService } from '../rpc.ts'

/** Who changed what in the directory. */
export function audit(context: CliContext): Group {
  return {
    description: 'Who changed what in the directory.',
    commands: {
      list: leaf(
        'List the changes, the newest first; with --json with how everything was before and after.',
        {
          company: { type: 'string', description: 'Only of this company: an id (cmp_…), or the beginning of a name' },
          subject: { type: 'string', description: 'Only of this company, branch, phone number, connection or signal', valueHint: 'id' },
          ...pageArgs,
          ...rpcArgs,
        },
        async ({ args }) => {
          if (args.subject !== undefined && args.company === undefined)
            throw new UsageError('--subject: give the --company whose it is, too.')
          const page = pageOf(args)
          const companyId = args.company === undefined ? '' : await companyIdOf(context, args, args.company)
          const request = { companyId, subjectId: args.subject ?? '', ...page }
          const { entries, nextPageToken } = await withService(
            context,
            'company-resolver',
            AuditServiceDefinition,
            args,
            (service) => service.listAuditEntries(request),
            ['listAuditEntries'],
          )
          printPage(context, args, {
            name: 'entries',
            items: entries,
            nextPageToken,
            toJSON: (entry) => AuditEntry.toJSON(entry),
            headings: ['CHANGED', 'BY', 'COMPANY', 'ACTION', 'SUBJECT', 'DIFFERENCE'],
            row: (entry) => [
              instant(entry.changedAt),
              entry.actor ? `${entry.actor} (${entry.caller})` : entry.caller,
              entry.companyId,
              entry.action,
              entry.subjectId,
              differenceOf(entry),
            ],
            empty: 'Nothing was changed.',
          })
        },
      ),
    },
  }
}

/** The members that the change has given another value. */
function differenceOf({ before, after }: AuditEntry): string {
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  const text = (value: unknown) => (value === undefined ? 'none' : JSON.stringify(value))
  return [...names]
    .map((name) => [name, text(before?.[name]), text(after?.[name])] as const)
    .filter(([, was, is]) => was !== is)
    .map(([name, was, is]) => (before ? `${name}: ${was} → ${is}` : `${name}: ${is}`))
    .join(', ')
}
