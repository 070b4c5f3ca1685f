import type { Bus, DurableState, StoredMessage } from '@frontdesk/bus'
import { cloudEventId, inspectDurable, readStored, recreateDurable } from '@frontdesk/bus'
import type { DurableSpec } from '@frontdesk/contracts'
import { parseEventId } from '@frontdesk/contracts'
import { type Database, padded } from '@frontdesk/database'
import { and, eq, inArray } from 'drizzle-orm'
import { readMark, writeMark } from './broker-marks.ts'
import type { DurableMark } from './broker-marks.ts'
import type { EventHandler } from './event-handler.ts'
import { inbox } from './tables.ts'

/** What a check works with. */
export interface DurableCheckOptions {
  readonly database: Database
  readonly bus: Bus
  readonly handler: Pick<EventHandler, 'handlerName' | 'types'>
  readonly clock: () => Date
}

/**
 * Why a durable was made anew: it stood `ahead` of its stream; it had `skipped` events, which stand where its stream had
 * others before; it was `missing`, since making it anew had been broken off.
 */
export type RecreateReason = 'ahead' | 'skipped' | 'missing'

/** How far below its floor a durable's events are looked for in the inbox. */
const comparedMessages = 512

/**
 * Compares a durable with its stream and with what its handler has taken, and makes it anew, from the first message on,
 * where it would pass over events; the inbox makes that harmless. For one caller at a time. Leaves alone what is not as
 * the contracts have it.
 */
export async function checkDurable(options: DurableCheckOptions, spec: DurableSpec): Promise<RecreateReason | undefined> {
  const { database, bus, clock } = options
  const name = `${spec.stream}/${spec.name}`
  const previous = await readMark(database, 'durable', name)
  const state = await inspectDurable(bus, spec)
  if (state === 'different') return undefined
  if (state === 'missing' && !previous?.mark.recreating) return undefined
  const now = clock()
  const filterSubjects = spec.filterSubjects.toSorted()
  const reason = state === 'missing' ? 'missing' : await reasonToRecreate(options, spec, state, previous)
  if (reason !== undefined) {
    // Between deleting and creating the process may end: without the mark nobody would create it.
    await writeMark(database, 'durable', name, { filterSubjects, recreating: true }, now)
    await recreateDurable(bus, spec)
  }
  await writeMark(database, 'durable', name, { filterSubjects }, now)
  return reason
}

async function reasonToRecreate(
  options: DurableCheckOptions,
  spec: DurableSpec,
  state: DurableState,
  previous: { readonly mark: DurableMark; readonly markedAt: Date } | undefined,
): Promise<RecreateReason | undefined> {
  if (Math.max(state.ackFloor, state.delivered) > state.lastSequence) return 'ahead'
  // What a filter took in only lately was rightly passed over before.
  if (!previous || previous.mark.filterSubjects.join() !== spec.filterSubjects.toSorted().join()) return undefined
  return (await hasSkipped(options, spec, state, previous.markedAt)) ? 'skipped' : undefined
}

/**
 * Whether events that were stored since the last check lie below the floor and were never taken. A stream that lost its
 * end gives the sequences again, and until it is longer than before a durable holds the new events for settled.
 */
async function hasSkipped(
  { database, bus, handler }: DurableCheckOptions,
  spec: DurableSpec,
  { ackFloor, takes }: DurableState,
  since: Date,
): Promise<boolean> {
  const sequences = Array.from({ length: comparedMessages }, (_, index) => ackFloor - index).filter((sequence) => sequence > 0)
  const messages = await readStored(bus, spec.stream, sequences)
  const settled = messages.flatMap((message) => {
    // What can't be read as an event is kept under another id.
    if (!message?.isEvent || !takes(message.subject) || message.storedAt <= since || !handler.types.has(message.type)) return []
    return keyOf(message) ?? []
  })
  if (settled.length === 0) return false
  const rows = await database.orm
    .select({ eventId: inbox.eventId, revision: inbox.revision })
    .from(inbox)
    .where(and(eq(inbox.handler, handler.handlerName), inArray(inbox.eventId, padded(settled.map(({ id }) => id)))))
  const taken = new Set(rows.map(({ eventId, revision }) => cloudEventId(eventId, revision)))
  return settled.some(({ key }) => !taken.has(key))
}

/** Undefined for what is no event: such messages are settled without a row of theirs. */
function keyOf({ cloudEventId: key }: StoredMessage) {
  const id = parseEventId(key.slice(0, 64))
  return id && { id, key }
}
