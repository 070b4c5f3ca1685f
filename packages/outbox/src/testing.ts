import type { ReceivedEvent } from '@frontdesk/bus'
import type { CompanyId, EventId, EventType, PayloadCodec, PayloadOf } from '@frontdesk/contracts'
import { catalogue, companySubject, deriveEventId, encodePayload, vouchForCompanyId } from '@frontdesk/contracts'
import type { Database } from '@frontdesk/database'
import { asc } from 'drizzle-orm'
import type { NewEvent } from './events.ts'
import { messageOf, pendingRowOf } from './pending-row.ts'
import { outbox } from './tables.ts'

/** What a test wants of an event; everything else gets a valid default. */
export interface EventOverrides<Type extends EventType> extends Partial<Omit<NewEvent, 'type' | 'body'>> {
  readonly type?: Type
  /** Fields of the payload; the others have their proto3 defaults. */
  readonly payload?: Partial<PayloadOf<Type>>
  /** The body as it is, for one that is no payload of its type. */
  readonly body?: Uint8Array
}

/** The company of events that a test does not give one. */
export const testCompanyId: CompanyId = vouchForCompanyId('cmp_01jd00000000000000000000t0')

/** An event id that a test can tell again: the same seed, the same id. */
export function testEventId(seed: string | number): EventId {
  return deriveEventId(['test', String(seed)])
}

let serial = 0

/** A valid event to append, `frontdesk.call.analyzed.v1` of a test's company by default; each has another id. */
export function makeNewEvent<Type extends EventType = 'frontdesk.call.analyzed.v1'>(overrides: EventOverrides<Type> = {}): NewEvent {
  const { type = 'frontdesk.call.analyzed.v1' as Type, payload, body, ...given } = overrides
  const seed = ++serial
  const id = given.id ?? testEventId(seed)
  const companyId = given.companyId ?? testCompanyId
  const codec = catalogue[type].payload as PayloadCodec<PayloadOf<Type>>
  return {
    id,
    revision: 1,
    type,
    subject: companySubject(companyId, type),
    entityId: `call_${seed}`,
    occurredAt: new Date('2026-11-22T09:00:00.000Z'),
    companyId,
    correlationId: id,
    ...given,
    body: body ?? encodePayload(type, { ...codec.fromJSON({}), ...payload }),
  }
}

/** A valid event as the broker would deliver it, for the first time by default. */
export function makeReceivedEvent<Type extends EventType = 'frontdesk.call.analyzed.v1'>(
  overrides: EventOverrides<Type> & Partial<Pick<ReceivedEvent, 'deliveryCount' | 'streamSequence'>> & { source?: string } = {},
): ReceivedEvent {
  const { deliveryCount = 1, streamSequence, source = 'frontdesk/test', ...event } = overrides
  return receive(makeNewEvent(event), { deliveryCount, source, ...(streamSequence !== undefined && { streamSequence }) })
}

/** An event that one service let out, as the next one would receive it. */
export function receive(
  event: NewEvent,
  delivery: { deliveryCount?: number; streamSequence?: bigint; source?: string } = {},
): ReceivedEvent {
  const { deliveryCount = 1, streamSequence = BigInt(++serial), source = 'frontdesk/test' } = delivery
  return { ...messageOf(event, source), deliveryCount, streamSequence }
}

/** Every event in a service's outbox, in the order of their rows, published or not. */
export async function readOutbox(database: Database): Promise<NewEvent[]> {
  const rows = await database.orm.select().from(outbox).orderBy(asc(outbox.id))
  return rows.map((row) => eventOf(pendingRowOf(row, '').message))
}

function eventOf({ envelope, subject, body }: Pick<ReceivedEvent, 'envelope' | 'subject' | 'body'>): NewEvent {
  const { source: _source, subject: entityId, time: occurredAt, ...rest } = envelope
  return { ...rest, entityId, occurredAt, subject, body }
}

/** An event of a company's as the resolver sends it. */
export type CompanyEvent = Pick<ReceivedEvent, 'envelope' | 'subject' | 'body'>

/** A company's event, the same one for the same company, type and key; fields of the payload that are left out have their proto3 defaults. */
export function companyEvent<Type extends EventType>(
  companyId: CompanyId,
  type: Type,
  key: string,
  payload: object,
  { revision = 1, time = new Date() }: { revision?: number; time?: Date } = {},
): CompanyEvent {
  const id = deriveEventId(['test', companyId, type, key])
  const codec = catalogue[type].payload as PayloadCodec<PayloadOf<Type>>
  const source = 'frontdesk/company-resolver'
  return {
    envelope: { id, revision, type, source, subject: key || 'none', time, companyId, confidence: 0.99, correlationId: id },
    subject: companySubject(companyId, type),
    body: encodePayload(type, codec.fromJSON(JSON.parse(JSON.stringify(payload)))),
  }
}
