import type { EventEnvelope, TailedMessage } from '@frontdesk/bus'

/** An event as it passes by, with what its payload says of where it came from. */
export interface LiveEvent {
  readonly envelope: EventEnvelope
  readonly storedAt: Date
  /** The payload as it was published, and what it says. */
  readonly body: Uint8Array
  readonly data: unknown
  /** Whose webhook it was made from; undefined for what our services say themselves. */
  readonly provider: string | undefined
  /** When we received the webhook that it was made from, or that caused it, as far as that was seen. */
  readonly receivedAt: Date | undefined
  /** Of a quarantined event: why, and the type that it would have had. */
  readonly quarantined: { readonly reason: string; readonly type: string } | undefined
  /** Whether it is a refill or a replay. */
  readonly bulk: boolean
}

/** How many causes are remembered: enough for what is under way at once. */
const rememberedMax = 10_000

/** Reads messages as events; remembers when each delivery was received, so that what it causes later can be timed too. */
export function createReader(): (message: TailedMessage, envelope: EventEnvelope) => LiveEvent {
  const receipts = new Map<string, Date>()

  return ({ subject, storedAt, body }, envelope) => {
    const data = parse(body)
    const source = member(data, 'source')
    const received = instant(member(source, 'receivedAt'))
    if (received) {
      receipts.delete(envelope.correlationId)
      receipts.set(envelope.correlationId, received)
      const [oldest] = receipts.keys()
      if (receipts.size > rememberedMax && oldest !== undefined) receipts.delete(oldest)
    }
    const stages = subject.split('.')
    const bulk = stages[0] === 'bulk'
    const [stage, , reason = ''] = bulk ? stages.slice(1) : stages
    return {
      envelope,
      storedAt,
      body,
      data,
      provider: text(member(source, 'provider')),
      receivedAt: received ?? receipts.get(envelope.correlationId),
      quarantined: stage === 'quarantine' ? { reason, type: text(member(data, 'eventType')) ?? envelope.type } : undefined,
      bulk,
    }
  }
}

/** The event in CloudEvents' JSON format. */
export function cloudEvent({ envelope, data }: LiveEvent): Record<string, unknown> {
  const { id, revision, type, source, subject, time, companyId, confidence, correlationId, causationId, trace } = envelope
  return {
    specversion: '1.0',
    id: revision === 1 ? id : `${id}.${revision}`,
    source,
    type,
    subject,
    time: time.toISOString(),
    datacontenttype: 'application/json',
    ...(companyId !== undefined && { companyid: companyId }),
    ...(confidence !== undefined && { confidence: String(confidence) }),
    revision: String(revision),
    correlationid: correlationId,
    ...(causationId !== undefined && { causationid: causationId }),
    ...trace,
    data,
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return undefined
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function instant(value: unknown): Date | undefined {
  const date = new Date(text(value) ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}
