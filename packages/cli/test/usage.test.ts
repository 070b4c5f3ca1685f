import { expect, test } from 'vitest'
import { run } from './terminal.ts'

const commands = [
  'tail',
  'trigger',
  'listen',
  'doctor',
  'deadletters show',
  'streams apply',
  'streams check',
  'deadletters list',
  'deadletters redrive',
  'events show',
  'events search',
  'events refused',
  'events replay',
  'replays list',
  'replays show',
  'replays cancel',
  'events reprocess',
  'attributions explain',
  'quarantine list',
  'quarantine release',
  'companies list',
  'companies show',
  'companies create',
  'companies update',
  'companies deactivate',
  'companies reactivate',
  'branches list',
  'branches show',
  'branches create',
  'branches update',
  'branches deactivate',
  'phone-numbers list',
  'phone-numbers add',
  'phone-numbers end',
  'phone-numbers port',
  'connections list',
  'connections show',
  'connections create',
  'connections rotate',
  'connections deactivate',
  'signals list',
  'signals add',
  'signals end',
  'audit list',
  'models list',
  'models show',
  'models refit',
  'models activate',
  'login',
  'logout',
  'users create',
  'users show',
  'users invite',
  'users disable',
  'users revoke-sessions',
  'users reset-second-factor',
  'signing-keys list',
  'signing-keys rotate',
  'credentials create',
  'keys create',
  'keys rotate',
  'keys status',
  'token issue',
]

test.for(commands)('%s --help says what it does and takes --json', async (command) => {
  const { code, out, err } = await run([...command.split(' '), '--help'])
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain(`frontdesk ${command}`)
  expect(out).toContain('--json')
})

test('--help on its own and on a group lists the commands below', async () => {
  expect((await run(['--help'])).out).toContain('deadletters')
  const { code, out } = await run(['events', '--help'])
  expect(code).toBe(0)
  expect(out).toMatch(/show[^]*search/)
})

test.for([
  ['no command', [], 'Which command?'],
  ['a provider that there is not', ['events', 'search', '--provider', 'nope'], 'there is no provider "nope", but retell'],
  ['a code that there is not', ['events', 'refused', '--code', 'nope'], 'there is no code "nope"'],
  ['half a command', ['events'], 'One of show, search, refused, replay, reprocess'],
  ['an unknown command', ['evnts'], 'Unknown command "evnts"'],
  ['an inherited name', ['toString'], 'Unknown command "toString"'],
  ['an unknown option', ['events', 'search', '--providr', 'retell'], '--providr'],
  ['an option without its value', ['events', 'search', '--address'], '--address needs a value'],
  ['a surplus argument', ['events', 'search', 'all'], '"all"'],
  ['a missing argument', ['events', 'show'], 'ID'],
  ['a missing option', ['deadletters', 'show', 'booking', 'ab'.repeat(32)], '--service'],
  ['a page of all services’ dead letters', ['deadletters', 'list', '--page-token', 'x'], 'name it with --service'],
  ['too many of all services’ dead letters', ['deadletters', 'list', '--limit', '201'], '1 to 200'],
  ['all services’ dead letters without an address', ['deadletters', 'list'], 'Missing the address of'],
  ['one address of all services', ['deadletters', 'list', '--address', 'x:1'], 'name it with --service'],
  ['an event id of another form', ['events', 'show', 'abc'], '64 hex digits'],
  ['a limit out of bounds', ['events', 'search', '--limit', '201'], '1 to 200'],
  ['a replay of nothing', ['events', 'replay'], 'Which events?'],
  ['a replay without a window', ['events', 'replay', '--provider', 'retell'], 'Which events?'],
  ['a replay of ids and a window', ['events', 'replay', 'ab'.repeat(32), '--since', '1h'], 'not both'],
  ['a replay of no id', ['events', 'replay', 'ab'.repeat(32), 'all'], '64 hex digits'],
  ['a rate out of bounds', ['events', 'replay', '--since', '1h', '--rate', '0'], '1 to 2000'],
  ['a replay id that is none', ['replays', 'show', 'rpl_1'], 'begins with rpl_'],
  ['a time that is none', ['events', 'search', '--since', 'yesterday'], '--since must be a duration'],
  ['a day that is none', ['events', 'search', '--until', '2026-13-01'], '--until must be a duration such as 1h, or an instant'],
  ['a day that no month has', ['events', 'search', '--since', '2026-02-30'], 'not "2026-02-30"'],
  ['the last day of a February', ['events', 'search', '--since', '2028-02-29', '--until', '2028-02-28'], '--until must be later'],
  ['a time of such a day', ['events', 'search', '--since', '2026-02-30T10:00:00Z'], 'not "2026-02-30T10:00:00Z"'],
  ['a window that ends before it begins', ['events', 'search', '--since', '1h', '--until', '2h'], '--until must be later'],
  ['a type that is none', ['events', 'search', '--type', 'call.sung'], 'no event type "call.sung"'],
  ['an entity with a company', ['events', 'search', '--company', 'cmp_1', '--entity', 'x'], '--entity can not be combined'],
  ['a company’s quarantine', ['events', 'search', '--company', 'cmp_1', '--status', 'quarantined'], 'has no quarantined events'],
  ['an id of nothing that is reprocessed', ['events', 'reprocess', 'abc'], '64 hex digits'],
  ['a delivery among events', ['events', 'reprocess', 'dlv_1', 'ab'], 'delivery'],
  ['a release without a company', ['quarantine', 'release', 'ab'.repeat(32)], '--company'],
  ['a rotation of nothing', ['keys', 'rotate'], 'Which keys?'],
  ['a rotation of two things', ['keys', 'rotate', '--kek', '--all'], 'Which keys?'],
  ['a company that is to change in nothing', ['companies', 'update', 'cmp_1'], '--name or --time-zone'],
  ['a company without a time zone', ['companies', 'create', '--name', 'Salon'], '--time-zone'],
  ['a kind of signal that there is not', ['signals', 'add', 'mood', 'good', '--company', 'cmp_1'], 'no kind "mood"'],
  ['an account of no kind', ['connections', 'create', '--provider', 'calcom', '--company', 'c', '--account', '42'], 'kind=value'],
  ['a number’s end at no time', ['phone-numbers', 'end', 'phn_1', '--company', 'cmp_1', '--at', 'noon'], '--at must be a duration'],
  ['the audit of a thing without its company', ['audit', 'list', '--subject', 'con_1'], '--company'],
  ['an unknown reason', ['quarantine', 'list', '--reason', 'mood'], 'schema_drift'],
  ['an address that is nowhere', ['events', 'search'], 'FRONTDESK_WEBHOOK_INGRESS_ADDRESS'],
  ['a broker that is nowhere', ['streams', 'check'], 'NATS_URL'],
] as const)('%s is refused with exit code 2, on stderr, by its name', async ([, argv, said]) => {
  const { code, out, err } = await run(argv)
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(said)
  expect(err).toContain('USAGE')
})
