import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { type Canary, formsOf, textCanaries } from './canaries/canary.ts'
import { live } from './canaries/life.ts'
import { filesOf, type Place } from './canaries/places.ts'
import { createSearch } from './canaries/search.ts'
import { startSpanCollector } from './canaries/span-collector.ts'

/** What is no secret and must be found, by a part of the places where it is: so each of them is known to be read. */
const controls: Readonly<Record<string, string>> = {
  'dump company_resolver.companies': 'name of the company',
  'mysql company_resolver/companies.ibd': 'name of the company',
  'mysql ib_logfile0': 'name of the company',
  'mysql binlog.000001': 'name of the company',
  'mysql general.log': 'name of the company',
  'nats jetstream/': 'name of the company',
  'CLI companies list': 'name of the company',
  'logs identity.log': 'id of the user',
  'spans /v1/traces': 'name of a method',
  'metrics company-resolver/metrics': 'name of a method',
  'error call': 'text of an error',
  'answer calcom 401': 'code of an answer',
}

/** Secrets that MariaDB's own logs hold, through no doing of a service. */
const ofMariadb: readonly [canary: string, place: string][] = [
  // The statement that makes a database's user, which is the operator's.
  ['databasePassword', 'mysql binlog.000001'],
  ['databasePassword', 'mysql general.log'],
  // Whoever asks for something by a secret has it looked for: every statement is in that log, which production has not.
  ['mistyped', 'mysql general.log'],
]

test('no secret can be read in a database, its files and logs, in NATS’ store, a log, a span, a metric, an error or on the terminal', async () => {
  await using cleanUp = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'frontdesk-e2e-'))
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }))
  const places: Place[] = []
  const collector = cleanUp.use(await startSpanCollector(places))
  const name = `Salon ${randomBytes(12).toString('hex')}`
  const { canaries, userId } = await live({
    root: resolve(import.meta.dirname, '../..'),
    directory,
    otlpEndpoint: collector.url,
    name,
    places,
  })
  const known: Canary[] = [
    ...textCanaries('name of the company', name),
    ...textCanaries('id of the user', userId),
    ...textCanaries('name of a method', 'DirectoryService/CreateConnection'),
    ...textCanaries('text of an error', 'provider: give one of'),
    ...textCanaries('code of an answer', 'frontdesk:problem:signature_invalid'),
  ]

  const search = createSearch([...canaries, ...known].flatMap(formsOf))
  const found = new Set<string>()
  const look = (place: Place) => {
    for (const { canary, form } of search(place.content)) found.add(`${place.kind} ${place.name}: ${canary}, ${form}`)
  }
  places.forEach(look)
  for (const kind of ['mysql', 'nats', 'logs']) for await (const place of filesOf(kind, join(directory, kind))) look(place)

  const isOf = (line: string, canary: string, place = '') => line.startsWith(place) && line.includes(`: ${canary}`)
  const isKnown = (line: string) => Object.values(controls).some((canary) => isOf(line, canary))
  const isAllowed = (line: string) => ofMariadb.some(([canary, place]) => isOf(line, canary, place))
  expect([...found].filter((line) => !isKnown(line) && !isAllowed(line))).toEqual([])
  const unread = Object.entries(controls).filter(([place, canary]) => ![...found].some((line) => isOf(line, canary, place)))
  expect(unread).toEqual([])
}, 120_000)
