import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { applyStreams, connectBus } from '@frontdesk/bus'
import type { SubscriberGrant } from '@frontdesk/bus'
import { catalogue } from '@frontdesk/contracts'
import type { Telemetry } from '@frontdesk/telemetry'
import { startNats } from '@frontdesk/testing'
import { createUser } from '@nats-io/nkeys'
import { connect, nkeyAuthenticator } from '@nats-io/transport-node'
import type { NatsConnection } from '@nats-io/transport-node'
import { permissionsConfig } from './permissions-config.ts'

/** Every service that has a user at the broker. */
export const services = [...new Set(Object.values(catalogue).map(({ owner }) => owner))]

/** A broker for tests with the streams and the permissions of our services and these subscribers. */
export async function startPermittedBroker(subscribers: readonly SubscriberGrant[], telemetry: Telemetry) {
  await using starting = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'nats-permissions-'))
  starting.defer(() => rm(folder, { recursive: true }))
  const users = subscribers.map((subscriber) => ({ subscriber, key: createUser() }))
  const configFile = join(folder, 'permissions.conf')
  await writeFile(configFile, permissionsConfig(users.map(({ subscriber, key }) => ({ ...subscriber, nkey: key.getPublicKey() }))))
  const passwords = ['operator', ...services].map((user) => [`NATS_PASSWORD_${user.toUpperCase().replaceAll('-', '_')}`, `${user}-secret`])
  const nats = starting.use(await startNats({ configFile, env: Object.fromEntries(passwords) }))
  const urlAs = (user: string) => `nats://${user}:${user}-secret@127.0.0.1:${nats.port}`
  const busAs = (user: string) => connectBus({ servers: urlAs(user), name: user, telemetry, publishTimeoutMs: 2_000 })
  const seedOf = (name: string) => users.find(({ subscriber }) => subscriber.name === name)?.key.getSeed()
  await using operator = busAs('operator')
  await operator.connected()
  await applyStreams(operator)

  const owned = starting.move()
  return {
    url: nats.url,
    urlAs,
    busAs,
    /** The seed of a subscriber's NKey, as text. */
    seedOf: (name: string) => Buffer.from(seedOf(name) ?? []).toString(),
    async connectAs(user: string): Promise<NatsConnection & AsyncDisposable> {
      return disposable(await connect({ servers: nats.url, user, pass: `${user}-secret`, inboxPrefix: `_INBOX_${user}` }))
    },
    async connectAsSubscriber(name: string): Promise<NatsConnection & AsyncDisposable> {
      const authenticator = nkeyAuthenticator(seedOf(name))
      return disposable(await connect({ servers: nats.url, authenticator, inboxPrefix: `_INBOX_${name}` }))
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function disposable(connection: NatsConnection): NatsConnection & AsyncDisposable {
  return Object.assign(connection, { [Symbol.asyncDispose]: () => connection.close() })
}
