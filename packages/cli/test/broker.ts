import { applyStreams, connectBus, type Bus, type OutgoingMessage } from '@frontdesk/bus'
import { companySubject, deriveEventId, quarantineSubject, vouchForCompanyId, type EventType } from '@frontdesk/contracts'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import { startNats, type NatsServer } from '@frontdesk/testing'

export const salon = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')
export const practice = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02r')

/** A real broker with the streams, and who publishes to it. */
export interface Broker extends AsyncDisposable {
  readonly nats: NatsServer
  readonly bus: Bus
}

export async function startBroker(): Promise<Broker> {
  await using opening = new AsyncDisposableStack()
  const nats = opening.use(await startNats())
  const telemetry = opening.use(createTestTelemetry())
  const bus = opening.use(connectBus({ servers: nats.url, name: 'test', telemetry }))
  await applyStreams(bus)
  const owned = opening.move()
  return { nats, bus, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

interface EventOptions {
  readonly seed: string
  readonly type?: EventType
  readonly companyId?: typeof salon
  readonly provider?: string
  readonly subject?: string
  readonly correlationId?: string
  readonly revision?: number
  readonly payload?: Record<string, unknown>
}

/** An event of a company's, as the resolver passes it on. */
export function companyEvent({
  seed,
  companyId = salon,
  type = 'frontdesk.call.ended.v1',
  provider = 'retell',
  ...rest
}: EventOptions): OutgoingMessage {
  return {
    envelope: {
      id: deriveEventId(['test', seed]),
      revision: rest.revision ?? 1,
      type,
      source: 'frontdesk/company-resolver',
      subject: `call_${seed}`,
      time: new Date('2026-11-22T10:00:00.000Z'),
      correlationId: rest.correlationId ?? `dlv_${seed}`,
      companyId,
      confidence: 0.99995,
    },
    subject: rest.subject ?? companySubject(companyId, type),
    body: Buffer.from(JSON.stringify(rest.payload ?? { source: { provider, receivedAt: new Date().toISOString() } })),
  }
}

/** An event that went to nobody. */
export function quarantinedEvent(seed: string): OutgoingMessage {
  return {
    envelope: {
      id: deriveEventId(['test', seed]),
      revision: 1,
      type: 'frontdesk.event.quarantined.v1',
      source: 'frontdesk/company-resolver',
      subject: `call_${seed}`,
      time: new Date('2026-11-22T10:00:00.000Z'),
      correlationId: `dlv_${seed}`,
    },
    subject: quarantineSubject('retell', 'no_match'),
    body: Buffer.from(JSON.stringify({ source: { provider: 'retell' }, eventType: 'frontdesk.call.started.v1' })),
  }
}
