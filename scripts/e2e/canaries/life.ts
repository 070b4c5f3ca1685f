import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { demonstrate } from '../../src/dev/demonstration.ts'
import { type Manifest, serviceNames } from '../../src/stack/manifest.ts'
import { startStack } from '../../src/stack/stack.ts'
import { type Canary, textCanaries } from './canary.ts'
import { type PlantedConnection, plantConnections } from './connections.ts'
import { type Failing, misuse, openClients, whileReadOnly } from './failures.ts'
import { sendMisplaced } from './misplaced.ts'
import { sealedKeys } from './own-keys.ts'
import { plantPerson } from './people.ts'
import { dumpDatabases, type Place, scrape } from './places.ts'
import { platformSecrets, previousSecrets } from './platform-secrets.ts'
import { openTerminal, type Terminal } from './terminal.ts'

export interface LifeOptions {
  readonly root: string
  /** Where the servers' files and the logs are when it is over. */
  readonly directory: string
  readonly otlpEndpoint: string
  /** Of the company that is made. */
  readonly name: string
  /** All else that somebody could read is added to them. */
  readonly places: Place[]
}

/** Whatever a database can keep besides its tables. */
const mysqlArguments = ['--log-bin=binlog', '--general-log', '--general-log-file=general.log']

/** The life of a stack in which every secret is used, rotated, misplaced and misused; it ends in order. */
export async function live(options: LifeOptions): Promise<{ canaries: Canary[]; userId: string }> {
  const { root, directory, otlpEndpoint, name, places } = options
  const previous = previousSecrets()
  const traced = { LOG_LEVEL: 'trace', OTLP_ENDPOINT: otlpEndpoint, TRACE_SAMPLE_RATIO: '1' }
  const settings = Object.fromEntries(serviceNames.map((each) => [each, { ...traced, ...(each === 'webhook-ingress' && previous) }]))
  await using stack = await startStack({ root, directory, settings, mysqlArguments })
  if (!stack.mysql || !stack.nats) throw new Error('MYSQL_URL or NATS_URL names a server whose files are not ours to read')
  const { manifest } = stack
  const platform = await platformSecrets(join(directory, 'keys'), manifest)
  await using clients = openClients(manifest)
  const terminal = await openTerminal(manifest, join(directory, 'terminal'), places)

  const created = await terminal(['companies', 'create', '--name', name, '--time-zone', 'Europe/Berlin', '--json'])
  const { companyId } = (JSON.parse(created.out) as { company: { companyId: string } }).company
  const own = await plantConnections(terminal, companyId)
  const person = await plantPerson(clients, companyId)
  const played = await demonstrate(manifest, () => undefined)
  requireAll(played, ({ error }) => error === undefined)

  const statuses = await sendMisplaced(manifest, [...own.connections, ...ofThePlatform(manifest, previous)], { companyId }, places)
  requireAll([200, 401, 404], (status) => (statuses[status] ?? 0) > 0)
  const connectionId = own.connections[0]?.connectionId ?? ''
  const mistyped = randomBytes(24).toString('hex')
  const refused = await misuse(manifest, { companyId, connectionId, secret: mistyped }, places)
  requireAll(refused, (code) => code !== 'answered' && code !== 'internal')
  const unkept = randomBytes(24).toString('hex')
  const failed = await withReadOnlyDatabase(manifest, () => whileReadOnly(clients, { companyId, connectionId, secret: unkept }, places))
  requireAll(failed, (code) => code === 'unavailable')
  const codes = await mistype(terminal, { companyId, connectionId, secret: mistyped })
  requireAll(codes, (code) => code !== 0)
  await lookAround(terminal, companyId, person.userId)
  places.push(...(await scrape(manifest)), ...(await dumpDatabases(manifest.mysql.url)))
  return {
    userId: person.userId,
    canaries: [
      ...platform.canaries,
      ...Object.entries({ ...previous, mistyped, unkept }).flatMap(([each, secret]) => textCanaries(each, secret)),
      ...own.canaries,
      ...person.canaries,
      ...(await sealedKeys(manifest.mysql.url, platform.vaultKeys)),
    ],
  }
}

/** What did not happen as meant proves nothing. */
function requireAll<Outcome>(outcomes: readonly Outcome[], isAsMeant: (outcome: Outcome) => boolean): void {
  const others = outcomes.filter((outcome) => !isAsMeant(outcome))
  if (others.length > 0) throw new Error(`it went otherwise: ${JSON.stringify(others)}`)
}

async function withReadOnlyDatabase<Result>({ mysql }: Pick<Manifest, 'mysql'>, work: () => Promise<Result>): Promise<Result> {
  const connection = await createConnection(mysql.url)
  try {
    await connection.query('set global read_only = 1')
    return await work()
  } finally {
    await connection.query('set global read_only = 0')
    await connection.end()
  }
}

function ofThePlatform(
  { providers: { retell, stripe, whatsapp } }: Manifest,
  previous: Readonly<Record<string, string>>,
): PlantedConnection[] {
  const connection = (provider: PlantedConnection['provider'], secret = '') => ({ provider, secret, connectionId: undefined })
  return [
    connection('retell', retell.apiKey),
    connection('retell', previous['RETELL_API_KEY_PREVIOUS']),
    connection('stripe', stripe.webhookSecret),
    connection('stripe', previous['STRIPE_WEBHOOK_SECRET_PREVIOUS']),
    connection('whatsapp', whatsapp.appSecret),
    connection('whatsapp', previous['WHATSAPP_APP_SECRET_PREVIOUS']),
  ]
}

/** Gives the CLI a secret by an option, as a token and as a password. @returns the exit codes. */
async function mistype(terminal: Terminal, { companyId, connectionId, secret }: Failing): Promise<number[]> {
  const lines = [
    ['connections', 'create', '--provider', 'calcom', '--company', companyId, '--secret', secret],
    ['connections', 'rotate', connectionId, '--company', companyId, `--secret=${secret}`],
    ['companies', 'list', '--token', secret],
    ['trigger', 'retell', 'call_ended', '--secret', secret],
    ['login', '--email', 'nobody@salon.example'],
    ['login', '--email', 'nobody@salon.example', '--invitation', secret],
  ]
  const codes: number[] = []
  for (const line of lines) codes.push((await terminal(line, secret)).code)
  return codes
}

/** All that the CLI shows of what happened, deliveries with their headers among it. */
async function lookAround(terminal: Terminal, companyId: string, userId: string): Promise<void> {
  const commands = [
    'keys rotate --all',
    'keys status',
    'signing-keys rotate',
    'signing-keys list',
    'doctor',
    'audit list',
    `audit list --company ${companyId}`,
    'companies list',
    `connections list --company ${companyId}`,
    `signals list --company ${companyId}`,
    `users show ${userId}`,
    'events refused --limit 200',
    'events search --limit 200',
    `events search --company ${companyId}`,
    'quarantine list',
    'audits list',
    'replays list',
    'deadletters list',
    'deadletters list --service booking',
    'streams check',
    'tail --since 10m --limit 20',
  ]
  for (const command of commands) await terminal([...command.split(' '), '--json'])
  const listed = await terminal(['events', 'search', '--limit', '200', '--json'])
  const { events } = JSON.parse(listed.out) as { events: { eventId: string }[] }
  for (const { eventId } of events) await terminal(['events', 'show', eventId, '--delivery'])
}
