import { Connection, type Evidence, Signal } from '@frontdesk/contracts'
import { pageArgs, pageOf, providerName } from '../arguments.ts'
import { leaf, type Group } from '../command.ts'
import type { CliContext } from '../context.ts'
import { companyArgs, companyIdOf, kindName, signalKind, validityText, withDirectory } from '../directory.ts'
import { UsageError } from '../errors.ts'
import { fields, instant, json, table } from '../format.ts'
import { printPage } from '../page.ts'

const connectionArg = { connection: { type: 'positional', description: 'Connection id (con_…)', required: true } } as const

/** Companies' own accounts with providers. */
export function connections(context: CliContext): Group {
  const askSecret = () => context.ask('Secret that the provider signs with: ', { hidden: true })
  return {
    description: 'The companies’ own accounts with providers.',
    commands: {
      list: leaf('List a company’s connections, the oldest first.', { ...companyArgs, ...pageArgs }, async ({ args }) => {
        const companyId = await companyIdOf(context, args, args.company)
        const page = await withDirectory(context, args, (directory) => directory.listConnections({ companyId, ...pageOf(args) }))
        printPage(context, args, {
          name: 'connections',
          items: page.connections,
          nextPageToken: page.nextPageToken,
          toJSON: (connection) => Connection.toJSON(connection),
          headings: ['CONNECTION', 'PROVIDER', 'SECRET', 'CREATED', 'DEACTIVATED'],
          row: ({ connectionId, provider, secretVersion, createdAt, deactivatedAt }) => [
            connectionId,
            provider,
            `version ${secretVersion}`,
            instant(createdAt) || '-',
            instant(deactivatedAt) || '-',
          ],
          empty: 'The company has no connection.',
        })
      }),
      show: leaf(
        'Show a connection, and the signals that were derived from it.',
        { ...connectionArg, ...companyArgs },
        async ({ args }) => {
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, connectionId: args.connection }
          show(context, args, await withDirectory(context, args, (directory) => directory.getConnection(request)))
        },
      ),
      create: leaf(
        'Connect a company’s own account with a provider. The secret is asked for.',
        {
          provider: { type: 'string', description: 'retell, calcom, stripe, whatsapp or standard', required: true },
          account: {
            type: 'string',
            description: 'What is known of the account, with commas between: organizer_email=hello@salon.example,event_type=42',
            valueHint: 'kind=value,…',
          },
          ...companyArgs,
        },
        async ({ args }) => {
          const provider = providerName(args.provider)
          const account = accountOf(args.account)
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, provider, account, secret: await askSecret() }
          show(context, args, await withDirectory(context, args, (directory) => directory.createConnection(request)))
        },
      ),
      rotate: leaf(
        'Give a connection a new secret, which is asked for. The old one verifies for 24 hours more, unless it is revoked.',
        {
          ...connectionArg,
          'revoke-previous': {
            type: 'boolean',
            description: 'Refuse the old secret at once; with the current secret it ends that one alone',
          },
          ...companyArgs,
        },
        async ({ args }) => {
          const companyId = await companyIdOf(context, args, args.company)
          const revokePrevious = args['revoke-previous'] === true
          const request = { companyId, connectionId: args.connection, secret: await askSecret(), revokePrevious }
          show(context, args, await withDirectory(context, args, (directory) => directory.rotateConnectionSecret(request)))
        },
      ),
      deactivate: leaf(
        'End a connection for good: its deliveries are refused from now on, and its signals end.',
        { ...connectionArg, ...companyArgs },
        async ({ args }) => {
          const companyId = await companyIdOf(context, args, args.company)
          const request = { companyId, connectionId: args.connection }
          show(context, args, await withDirectory(context, args, (directory) => directory.deactivateConnection(request)))
        },
      ),
    },
  }
}

function accountOf(text = ''): Evidence[] {
  return text.split(',').flatMap((piece) => {
    if (piece.trim() === '') return []
    const at = piece.indexOf('=')
    if (at < 1) throw new UsageError(`--account: give kind=value, such as event_type=42, not "${piece}".`)
    return [{ kind: signalKind('--account', piece.slice(0, at).trim()), value: piece.slice(at + 1).trim() }]
  })
}

interface Shown {
  readonly connection?: Connection | undefined
  readonly signals?: readonly Signal[]
}

function show(context: CliContext, args: { readonly json?: boolean | undefined }, { connection, signals }: Shown): void {
  if (args.json) {
    context.out(
      json({
        connection: connection && Connection.toJSON(connection),
        ...(signals && { signals: signals.map((signal) => Signal.toJSON(signal)) }),
      }),
    )
    return
  }
  const { connectionId, companyId, provider, secretVersion, createdAt, deactivatedAt } = connection ?? {}
  context.out(
    fields({
      Connection: connectionId,
      Company: companyId,
      Provider: provider,
      Created: instant(createdAt),
      Deactivated: instant(deactivatedAt),
      'Secret version': String(secretVersion),
    }),
  )
  if (!signals || signals.length === 0) return
  const row = (signal: Signal) => [signal.signalId, kindName(signal.kind), validityText(signal), signal.value]
  context.out(`\n${table(['SIGNAL', 'KIND', 'VALID', 'VALUE'], signals.map(row))}`)
}
