import { applyStreams, connectBus } from '@frontdesk/bus'
import { ReplayState } from '@frontdesk/contracts'
import { eventually, startNats } from '@frontdesk/testing'
import { expect } from 'vitest'
import type { Harness } from './harness.ts'

/** A broker for the harness's ingress, and what replays send through it. */
export async function startReplays(harness: Harness) {
  await using starting = new AsyncDisposableStack()
  const nats = starting.use(await startNats({ port: harness.natsPort }))
  const bus = starting.use(connectBus({ servers: nats.url, name: 'test', telemetry: harness.telemetry }))
  await bus.connected()
  await applyStreams(bus)
  const owned = starting.move()
  return {
    nats,
    /** Once nothing waits to be published. */
    allPublished: () =>
      eventually(
        async () => {
          const { unpublished } = await harness.operations.getConservation({})
          if (unpublished > 0n) throw new Error(`${unpublished} events wait`)
        },
        { timeoutMs: 15_000 },
      ),
    async start(request: Parameters<Harness['replays']['startReplay']>[0]) {
      const { matched, replay } = await harness.replays.startReplay(request)
      return { matched, replayId: replay?.replayId ?? '' }
    },
    ended: (replayId: string, state: ReplayState = ReplayState.DONE) =>
      eventually(
        async () => {
          const { replay } = await harness.replays.getReplay({ replayId })
          expect(replay?.state).toBe(state)
          return replay
        },
        { timeoutMs: 15_000 },
      ),
    /** The messages of one replay in the bulk lane: the `ce-id` of each, in their order. */
    async sentBy(replayId: string): Promise<string[]> {
      const manager = await bus.manager()
      const { state } = await manager.streams.info('INGRESS')
      const sequences = Array.from({ length: state.messages }, (_, index) => state.first_seq + index)
      const messages = await Promise.all(sequences.map((seq) => manager.streams.getMessage('INGRESS', { seq })))
      return messages.flatMap((message) =>
        message?.subject.startsWith('bulk.ingress.') && message.header.get('Nats-Msg-Id').endsWith(replayId)
          ? [message.header.get('ce-id')]
          : [],
      )
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export type Replays = Awaited<ReturnType<typeof startReplays>>
