import { expect, test } from 'vitest'
import { run } from './terminal.ts'

const commands = [
  'streams apply',
  'streams check',
  'deadletters list',
  'deadletters redrive',
  'events show',
  'events list',
  'events reprocess',
  'attributions explain',
  'quarantine list',
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
  expect(out).toMatch(/show[^]*list/)
})

test.for([
  ['no command', [], 'Which command?'],
  ['half a command', ['events'], 'One of show, list, reprocess'],
  ['an unknown command', ['evnts'], 'Unknown command "evnts"'],
  ['an inherited name', ['toString'], 'Unknown command "toString"'],
  ['an unknown option', ['events', 'list', '--providr', 'retell'], '--providr'],
  ['an option without its value', ['events', 'list', '--address'], '--address needs a value'],
  ['a surplus argument', ['events', 'list', 'all'], '"all"'],
  ['a missing argument', ['events', 'show'], 'ID'],
  ['a missing option', ['deadletters', 'list'], '--service'],
  ['an event id of another form', ['events', 'show', 'abc'], '64 hex digits'],
  ['an id of nothing that is reprocessed', ['events', 'reprocess', 'abc'], '64 hex digits'],
  ['a delivery among events', ['events', 'reprocess', 'dlv_1', 'ab'], 'delivery'],
  ['a limit out of bounds', ['events', 'list', '--limit', '201'], '1 to 200'],
  ['an unknown reason', ['quarantine', 'list', '--reason', 'mood'], 'schema_drift'],
  ['an address that is nowhere', ['events', 'list'], 'FRONTDESK_WEBHOOK_INGRESS_ADDRESS'],
  ['a broker that is nowhere', ['streams', 'check'], 'NATS_URL'],
] as const)('%s is refused with exit code 2, on stderr, by its name', async ([, argv, said]) => {
  const { code, out, err } = await run(argv)
  expect([code, out]).toEqual([2, ''])
  expect(err).toContain(said)
  expect(err).toContain('USAGE')
})
