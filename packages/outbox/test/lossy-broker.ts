import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bus } from '@frontdesk/bus'
import { applyStreams, connectBus } from '@frontdesk/bus'
import type { TestTelemetry } from '@frontdesk/telemetry/testing'
import { createTestTelemetry } from '@frontdesk/telemetry/testing'
import type { NatsServer } from '@frontdesk/testing'
import { freePort, startNats } from '@frontdesk/testing'

/** A broker that loses what it acknowledged, as a power cut has it, and comes back on its port. */
export interface LossyBroker extends AsyncDisposable {
  readonly url: string
  /** Keeps the messages of a stream as they are now. */
  saveMessages(stream: string): Promise<void>
  /**
   * Stops, puts the saved messages in the place of the newer ones while the durables stay as far as they are, and starts
   * again; meanwhile others can reach the broker under the given URL, and nobody else.
   */
  loseNewerMessages(stream: string, meanwhile?: (url: string) => Promise<void>): Promise<void>
  /** Is killed, loses everything, and starts again, empty. */
  loseEverything(): Promise<void>
}

export async function startLossyBroker(): Promise<LossyBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'lossy-broker-'))
  const storeDir = join(folder, 'store')
  const port = await freePort()
  let server: NatsServer = await startNats({ storeDir, port })
  const messagesOf = (stream: string) => join(storeDir, 'jetstream', '$G', 'streams', stream, 'msgs')
  const savedOf = (stream: string) => join(folder, stream)

  /** Stopped, so that all is in its files. */
  async function whileStopped(work: () => Promise<void>): Promise<void> {
    await server[Symbol.asyncDispose]()
    await work()
    server = await startNats({ storeDir, port })
  }

  return {
    url: server.url,
    saveMessages: (stream) => whileStopped(() => cp(messagesOf(stream), savedOf(stream), { recursive: true })),
    loseNewerMessages: (stream, meanwhile) =>
      whileStopped(async () => {
        await rm(messagesOf(stream), { recursive: true })
        await cp(savedOf(stream), messagesOf(stream), { recursive: true })
        if (!meanwhile) return
        await using elsewhere = await startNats({ storeDir, port: await freePort() })
        await meanwhile(elsewhere.url)
      }),
    async loseEverything() {
      await server.kill()
      await rm(storeDir, { recursive: true })
      server = await startNats({ storeDir, port })
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true })
    },
  }
}

/** A process's own connection, and what it logs and counts. */
export interface Process extends AsyncDisposable {
  readonly bus: Bus
  readonly telemetry: TestTelemetry
  /** A counter or gauge summed over its labels, which may be narrowed down. */
  metric(name: string, labels?: string): Promise<number>
}

export async function connectProcess(url: string): Promise<Process> {
  const telemetry = createTestTelemetry()
  const bus = connectBus({ servers: url, name: 'test', telemetry, publishTimeoutMs: 500 })
  await bus.connected()
  return {
    bus,
    telemetry,
    async metric(name, labels = '') {
      const { body } = await telemetry.metrics.render()
      const lines = body.split('\n').filter((line) => line.startsWith(`frontdesk_${name}{`) && line.includes(labels))
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
    async [Symbol.asyncDispose]() {
      await bus[Symbol.asyncDispose]()
      await telemetry[Symbol.asyncDispose]()
    },
  }
}

/** What an operator does who finds a broker empty. */
export async function applyAll(url: string): Promise<void> {
  await using operator = await connectProcess(url)
  await applyStreams(operator.bus)
}
