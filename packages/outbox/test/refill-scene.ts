import { eventually } from '@frontdesk/testing'
import { expect } from 'vitest'
import { consumeDurables } from '../src/consume-durables.ts'
import type { NewEvent } from '../src/events.ts'
import type { OutboxOptions } from '../src/outbox.ts'
import { createOutbox } from '../src/outbox.ts'
import { makeNewEvent, receive } from '../src/testing.ts'
import type { Harness } from './harness.ts'
import { keyOf } from './harness.ts'
import type { LossyBroker, Process } from './lossy-broker.ts'
import { applyAll, startLossyBroker } from './lossy-broker.ts'

/** For what takes several checks, refills and redeliveries. */
export const withinMs = { timeoutMs: 60_000, intervalMs: 100 }

export const newEvents = (count: number) => Array.from({ length: count }, () => makeNewEvent())

export const keysOf = (events: readonly NewEvent[]) => events.map((event) => keyOf(receive(event))).toSorted()

export function outboxOf({ database }: Harness, { bus, telemetry }: Process, options: Partial<OutboxOptions> = {}) {
  return createOutbox({ database, bus, telemetry, source: 'frontdesk/test', sweepIntervalMs: 100, sweepAgeMs: 500, ...options })
}

export function consumeWith(consumer: Harness, { bus, telemetry }: Process) {
  return consumeDurables({ database: consumer.database, bus, telemetry, service: 'booking', handler: consumer.handler() })
}

export async function published(harness: Harness, count: number): Promise<void> {
  await eventually(async () => {
    const rows = await harness.outboxRows()
    expect(rows.filter((row) => row.publishedAt !== null)).toHaveLength(count)
  }, withinMs)
}

/** Exactly these, each once. */
export async function haveEffect(consumer: Harness, events: readonly NewEvent[]): Promise<void> {
  await eventually(async () => expect((await consumer.effects()).toSorted()).toEqual(keysOf(events)), withinMs)
}

/** A broker with all streams. */
export async function startScene(): Promise<LossyBroker> {
  const broker = await startLossyBroker()
  await applyAll(broker.url)
  return broker
}
