import { PhoneNumber } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { companyArgs, companyIdOf, momentOf, validityText, withBranches } from '../directory.ts'
import { fields, json } from '../format.ts'
import { printPage } from '../page.ts'

const numberArg = { 'phone-number': { type: 'positional', description: 'Phone number id (phn_…)', required: true } } as const

/** At which numbers the companies are called. */
export function phoneNumbers(context: CliContext): Group {
  return {
    description: 'At which numbers the companies are called.',
    commands: {
      list: leaf('List a company’s phone numbers, the oldest first.', { ...companyArgs, ...pageArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        const page = await withBranches(context, args, (service) => service.listPhoneNumbers({ companyId, ...pageOf(args) }))
        printPage(context, args, {
          name: 'phoneNumbers',
          items: page.phoneNumbers,
          nextPageToken: page.nextPageToken,
          toJSON: (phoneNumber) => PhoneNumber.toJSON(phoneNumber),
          headings: ['NUMBER', 'ID', 'BRANCH', 'VALID'],
          row: (each) => [each.number, each.phoneNumberId, each.branchId || '-', validityText(each)],
          empty: 'The company has no phone number.',
        })
      }),
      add: leaf(
        'Add a number at which a company is called, and by which its calls are recognised.',
        {
          number: { type: 'positional', description: 'In E.164, such as +4930123456', required: true },
          branch: { type: 'string', description: 'The branch that it is of; the whole company when left out', valueHint: 'brn_…' },
          from: {
            type: 'string',
            description: 'From when it is the company’s: 1h, or 2026-11-22T10:00:00Z; always when left out',
            valueHint: 'time',
          },
          until: { type: 'string', description: 'Until when', valueHint: 'time' },
          ...companyArgs,
        },
        async ({ args }) => {
          const validity = { validFrom: momentOf(context, '--from', args.from), validUntil: momentOf(context, '--until', args.until) }
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, branchId: args.branch ?? '', number: args.number, ...validity }
          const { phoneNumber } = await withBranches(context, args, (service) => service.addPhoneNumber(request))
          context.out(args.json ? json({ phoneNumber: jsonOf(phoneNumber) }) : shown(phoneNumber))
        },
      ),
      end: leaf(
        'End a number: calls that begin at or after that time are no longer the company’s.',
        { ...numberArg, at: { type: 'string', description: 'When it ends; now when left out', valueHint: 'time' }, ...companyArgs },
        async ({ args }) => {
          const validUntil = momentOf(context, '--at', args.at)
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, phoneNumberId: args['phone-number'], validUntil }
          const { phoneNumber } = await withBranches(context, args, (service) => service.endPhoneNumber(request))
          context.out(args.json ? json({ phoneNumber: jsonOf(phoneNumber) }) : shown(phoneNumber))
        },
      ),
      port: leaf(
        'Hand a number over to another company, at one instant.',
        {
          ...numberArg,
          to: { type: 'string', description: 'Whose it becomes: an id (cmp_…), or the beginning of a name', required: true },
          'to-branch': { type: 'string', description: 'The branch there; the whole company when left out', valueHint: 'brn_…' },
          at: { type: 'string', description: 'From when it is the other company’s; now when left out', valueHint: 'time' },
          ...companyArgs,
        },
        async ({ args }) => {
          const portedAt = momentOf(context, '--at', args.at)
          const companyId = await companyIdOf(context, args, args.company)
          const toCompanyId = await companyIdOf(context, args, args.to)
          const request = { companyId, phoneNumberId: args['phone-number'], toCompanyId, toBranchId: args['to-branch'] ?? '', portedAt }
          const answer = await withBranches(context, args, (service) => service.portPhoneNumber(request))
          context.out(
            args.json
              ? json({ phoneNumber: jsonOf(answer.phoneNumber), ported: jsonOf(answer.ported) })
              : `${shown(answer.phoneNumber)}\n\n${shown(answer.ported)}`,
          )
        },
      ),
    },
  }
}

const jsonOf = (phoneNumber: PhoneNumber | undefined) => phoneNumber && PhoneNumber.toJSON(phoneNumber)

function shown(phoneNumber: PhoneNumber | undefined): string {
  const { number, phoneNumberId, companyId, branchId } = phoneNumber ?? {}
  return fields({ Number: number, Id: phoneNumberId, Company: companyId, Branch: branchId, Valid: validityText(phoneNumber ?? {}) })
}
