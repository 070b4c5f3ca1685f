import { randomInt } from 'node:crypto'
import type { KnownCompany } from './company.ts'

/** One way of writing a command: the values of its arguments, `true` of a flag; further arguments are under `_`. */
export interface Line {
  readonly command: string
  readonly args: Readonly<Record<string, string | true>>
}

/** Arguments by which nothing that is somebody's can be named. */
export const namesNothing = new Set(
  [
    'account add-signal address at code from ingress kind limit name nats note number page-token provider rate reason revision run service',
    'since status time-zone token type until value version window',
  ].flatMap((names) => names.split(' ')),
)

/** Commands that no token decides about, and what does instead. */
export const decidedElsewhere: Readonly<Record<string, string>> = {
  tail: 'reads from the broker, whose permissions say who may (infra/nats); the token is for the companies’ names alone',
  listen: 'reads from the broker, as tail does',
  'streams apply': 'changes the broker’s streams, which are no company’s',
  'streams check': 'looks at the broker’s streams, which are no company’s',
  trigger: 'sends a webhook, which is proved by its signature',
  login: 'needs no token; services/identity/test/isolation.e2e.test.ts has what it asks',
  logout: 'ends the session that its own file holds',
  mcp: 'passes a client’s messages on to messaging, whose tools have tests of their own',
  'credentials create': 'writes files, and asks nobody',
  'keys create': 'writes files, and asks nobody',
  'token issue': 'signs with a key file, and asks nobody',
}

/** Commands that the platform alone decides by what they name: what is nobody's yet, or another's until then. */
export const ofThePlatform = new Set([
  'quarantine release event-id',
  'quarantine discard event-id',
  'audits correct event-id',
  'phone-numbers port to',
])

/** Every command about a company, with all that names what is the company's; the last ones end what the others need. */
export function linesOf(company: KnownCompany): Line[] {
  const { companyId, branchId, phoneNumberId, connectionId, signalId, eventId, replayId, userId, email, entityId } = company
  const own = { company: companyId }
  const filter = { entity: entityId, connection: connectionId, since: '1h' }
  const letter = { handler: 'booking', 'event-id': eventId, service: 'booking' }
  const line = (command: string, args: Line['args'] = {}): Line => ({ command, args })
  return [
    line('doctor'),
    line('deadletters list'),
    line('deadletters list', { service: 'booking' }),
    line('deadletters show', letter),
    line('deadletters redrive', letter),
    line('events show', { id: eventId, delivery: true }),
    line('events search', filter),
    line('events search', { ...own, status: 'attributed' }),
    line('events refused', { connection: connectionId }),
    line('events replay', { _: eventId, 'dry-run': true }),
    line('events replay', { ...own, ...filter, 'dry-run': true }),
    line('events reprocess', { _: eventId, 'dry-run': true }),
    line('events reprocess', { _: company.deliveryId, 'dry-run': true }),
    line('events reprocess', { ...filter, 'dry-run': true }),
    line('replays list'),
    line('replays show', { id: replayId }),
    line('replays cancel', { id: replayId }),
    line('attributions explain', { 'event-id': eventId }),
    line('quarantine list'),
    line('quarantine siblings', { signal: company.signal }),
    line('quarantine release-siblings', { signal: company.signal }),
    line('quarantine release', { 'event-id': company.waiting[0], ...own }),
    line('companies list'),
    line('companies show', own),
    line('companies create', { name: 'Another', 'time-zone': 'UTC' }),
    line('companies update', { ...own, name: company.name }),
    line('branches list', own),
    line('branches show', { branch: branchId, ...own }),
    line('branches create', { name: 'Nord', ...own }),
    line('branches update', { branch: branchId, name: 'Süd', ...own }),
    line('phone-numbers list', own),
    line('phone-numbers add', { number: `+4989${randomInt(20_000_000, 100_000_000)}`, branch: branchId, ...own }),
    line('audits list'),
    line('audits confirm', { 'event-id': eventId }),
    line('audits correct', { 'event-id': eventId, ...own }),
    line('reattribute', { window: '1h..1s', ...own, 'dry-run': true }),
    line('connections list', own),
    line('connections show', { connection: connectionId, ...own }),
    line('connections create', { provider: 'standard', ...own }),
    line('connections rotate', { connection: connectionId, ...own }),
    line('signals list', own),
    line('signals add', { kind: 'voice_agent', value: `agent_${randomInt(1_000_000_000)}`, ...own }),
    line('audit list', { ...own, subject: branchId }),
    line('keys rotate', own),
    line('keys status'),
    line('models list'),
    line('models show', { version: 'shipped-4' }),
    line('models refit', { 'dry-run': true }),
    line('models activate', { version: 'shipped-4' }),
    line('signing-keys list'),
    line('signing-keys rotate'),
    line('users create', { email: `new-${email}`, name: 'New', companies: companyId }),
    ...['show', 'invite', 'revoke-sessions', 'reset-second-factor', 'disable'].flatMap((verb) => [
      line(`users ${verb}`, { user: userId }),
      line(`users ${verb}`, { user: email }),
    ]),
    line('phone-numbers port', { 'phone-number': phoneNumberId, to: companyId, 'to-branch': branchId, ...own }),
    line('phone-numbers end', { 'phone-number': phoneNumberId, ...own }),
    line('signals end', { signal: signalId, ...own }),
    line('connections deactivate', { connection: connectionId, ...own }),
    line('branches deactivate', { branch: branchId, ...own }),
    line('companies deactivate', own),
    line('quarantine discard', { 'event-id': company.waiting[1], reason: 'it has ended', ...own }),
    line('companies reactivate', own),
  ]
}
