import { Signal } from '@frontdesk/contracts'
import { pageArgs, pageOf } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { companyArgs, companyIdOf, kindName, momentOf, signalKind, validityText, withDirectory } from '../directory.ts'
import { fields, json } from '../format.ts'
import { printPage } from '../page.ts'

/** What the companies are recognised by. */
export function signals(context: CliContext): Group {
  return {
    description: 'What the companies are recognised by.',
    commands: {
      list: leaf('List a company’s signals, the oldest first.', { ...companyArgs, ...pageArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        const page = await withDirectory(context, args, (directory) => directory.listSignals({ companyId, ...pageOf(args) }))
        printPage(context, args, {
          name: 'signals',
          items: page.signals,
          nextPageToken: page.nextPageToken,
          toJSON: (signal) => Signal.toJSON(signal),
          headings: ['SIGNAL', 'KIND', 'TRUSTED', 'VALID', 'VALUE'],
          row: (signal) => [signal.signalId, kindName(signal.kind), signal.trusted ? 'yes' : 'no', validityText(signal), signal.value],
          empty: 'The company has no signal.',
        })
      }),
      add: leaf(
        'Add something that a company is recognised by.',
        {
          kind: { type: 'positional', description: 'Such as voice_agent, stripe_customer, event_type', required: true },
          value: { type: 'positional', description: 'As its provider writes it', required: true },
          from: {
            type: 'string',
            description: 'From when it counts: 1h, or 2026-11-22T10:00:00Z; always when left out',
            valueHint: 'time',
          },
          until: { type: 'string', description: 'Until when', valueHint: 'time' },
          ...companyArgs,
        },
        async ({ args }) => {
          const kind = signalKind('kind', args.kind)
          const validity = { validFrom: momentOf(context, '--from', args.from), validUntil: momentOf(context, '--until', args.until) }
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, kind, value: args.value, ...validity }
          show(context, args, (await withDirectory(context, args, (directory) => directory.addSignal(request))).signal)
        },
      ),
      end: leaf(
        'End a signal: it no longer counts for what begins at or after that time.',
        {
          signal: { type: 'positional', description: 'Signal id (sig_…)', required: true },
          at: { type: 'string', description: 'When it ends; now when left out', valueHint: 'time' },
          ...companyArgs,
        },
        async ({ args }) => {
          const validUntil = momentOf(context, '--at', args.at)
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, signalId: args.signal, validUntil }
          show(context, args, (await withDirectory(context, args, (directory) => directory.endSignal(request))).signal)
        },
      ),
    },
  }
}

function show(context: CliContext, args: { readonly json?: boolean | undefined }, signal: Signal | undefined): void {
  const { signalId, companyId, kind, value, trusted, connectionId, phoneNumberId } = signal ?? {}
  context.out(
    args.json
      ? json({ signal: signal && Signal.toJSON(signal) })
      : fields({
          Signal: signalId,
          Company: companyId,
          Kind: kind && kindName(kind),
          Value: value,
          Trusted: trusted ? 'yes' : 'no',
          Valid: validityText(signal ?? {}),
          'Derived from': connectionId || phoneNumberId,
        }),
  )
}
