import { connect } from '@nats-io/transport-node'
import {
  AttributionServiceDefinition,
  BillingServiceDefinition,
  BookingServiceDefinition,
  LedgerServiceDefinition,
  MessagingServiceDefinition,
} from '@frontdesk/contracts'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import type { Manifest } from '../stack/manifest.ts'

/** What anybody outside can reach of a running stack: its RPC services, and the subjects that it publishes to. */
export type PublicInterfaces = Awaited<ReturnType<typeof openPublicInterfaces>>

export async function openPublicInterfaces({ rpc, operatorToken, nats }: Pick<Manifest, 'rpc' | 'operatorToken' | 'nats'>) {
  await using opening = new AsyncDisposableStack()
  const telemetry = opening.use(createTelemetry({ service: 'demonstration', logLevel: 'silent' }))
  const issuer = fixedToken(operatorToken)
  const client = { issuer, telemetry, deadlineMs: 5_000 }
  const ledger = opening.use(
    createRpcClient(LedgerServiceDefinition, { ...client, address: rpc['webhook-ingress'], audience: 'webhook-ingress' }),
  )
  const attribution = opening.use(
    createRpcClient(AttributionServiceDefinition, { ...client, address: rpc['company-resolver'], audience: 'company-resolver' }),
  )
  const booking = opening.use(createRpcClient(BookingServiceDefinition, { ...client, address: rpc.booking, audience: 'booking' }))
  const billing = opening.use(createRpcClient(BillingServiceDefinition, { ...client, address: rpc.billing, audience: 'billing' }))
  const messaging = opening.use(createRpcClient(MessagingServiceDefinition, { ...client, address: rpc.messaging, audience: 'messaging' }))

  const connection = await connect({ servers: nats.url, name: 'demonstration' })
  opening.defer(() => connection.close())
  const published = new Map<string, Set<string>>()
  connection.subscribe('>', {
    callback: (_error, message) => {
      const id = message.headers?.get('ce-id')
      if (!id) return
      published.set(id, (published.get(id) ?? new Set()).add(message.subject))
    },
  })
  await connection.flush()

  const owned = opening.move()
  return {
    ledger,
    attribution,
    booking,
    billing,
    messaging,
    /** The subjects on which an event was seen. */
    subjectsOf: (eventId: string): readonly string[] => [...(published.get(eventId) ?? [])],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
