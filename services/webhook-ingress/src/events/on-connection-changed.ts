import type { Bus } from '@frontdesk/bus'
import { decodePayload, everyCompanySubject } from '@frontdesk/contracts'
import type { Logger } from '@frontdesk/telemetry'
import type { ConnectionSecretsCache } from '../app/connection-secrets.ts'

const type = 'frontdesk.connection.changed.v1'

/**
 * Has a replica learn of a changed connection at once. It is a hint: the secrets come from the directory, and what is
 * said while the broker is away is learned by polling.
 */
export function followConnections(
  bus: Pick<Bus, 'listen'>,
  connections: Pick<ConnectionSecretsCache, 'learnOf' | 'poll'>,
  logger: Logger,
): AsyncDisposable {
  const inBackground = (learning: Promise<void>) =>
    void learning.catch((error: unknown) => logger.warn({ err: error }, 'a changed connection can’t be read yet; the next poll brings it'))
  return bus.listen({
    subject: everyCompanySubject(type),
    onListening: () => inBackground(connections.poll()),
    onEvent: ({ envelope, body }) => {
      if (envelope.type === type) inBackground(connections.learnOf(decodePayload(type, body)))
    },
  })
}
