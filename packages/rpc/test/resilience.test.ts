import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { FrontdeskError, isFrontdeskError, type ErrorCode } from '@frontdesk/errors'
import { Server, ServerCredentials, type handleUnaryCall } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness } from './harness.ts'

let harness: Harness

beforeEach(async () => {
  harness = await createHarness()
})

afterEach(() => harness[Symbol.asyncDispose]())

async function codeOf(work: Promise<unknown>): Promise<ErrorCode | 'ok'> {
  return work.then(
    () => 'ok',
    (error: unknown) => {
      if (isFrontdeskError(error)) return error.code
      throw error
    },
  )
}

function unavailable(): never {
  throw new FrontdeskError('unavailable', { publicMessage: 'Not now.' })
}

test('a call against a method that never answers ends at its deadline, and the server stops working on it', async () => {
  const stopped = Promise.withResolvers<void>()
  const { address } = await harness.serve({
    getEvent: async (_, { signal }) => {
      await once(signal, 'abort')
      stopped.resolve()
      return {}
    },
  })
  const startedAt = performance.now()
  expect(await codeOf(harness.connect(address).getEvent({}, { deadlineMs: 100 }))).toBe('deadline_exceeded')
  expect(performance.now() - startedAt).toBeLessThan(1_000)
  await stopped.promise
})

test('the server learns of the deadline, however it is made', async () => {
  const deadlines: unknown[] = []
  const plain = new Server()
  using cleanup = new DisposableStack()
  cleanup.defer(() => plain.forceShutdown())
  const asIs = (bytes: Buffer) => bytes
  const method = { path: '/frontdesk.ledger.v1.LedgerService/GetEvent', requestStream: false, responseStream: false } as const
  const getEvent: handleUnaryCall<Buffer, Buffer> = (call, callback) => {
    deadlines.push(call.getDeadline())
    callback(null, Buffer.alloc(0))
  }
  plain.addService(
    { getEvent: { ...method, requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs } },
    { getEvent },
  )
  const port = await promisify(plain.bindAsync.bind(plain))('127.0.0.1:0', ServerCredentials.createInsecure())
  const startedAt = Date.now()
  await harness.connect(`127.0.0.1:${port}`).getEvent({}, { deadlineMs: 1_500 })
  const [deadline] = deadlines
  expect(Number(deadline) - startedAt).toBeGreaterThanOrEqual(1_500)
  expect(Number(deadline) - startedAt).toBeLessThan(4_000)
})

test('a call whose token does not come ends at its deadline', async () => {
  const { address } = await harness.serve()
  const issuer = { issue: () => new Promise<string>(() => undefined) }
  expect(await codeOf(harness.connect(address, { issuer }).getEvent({}, { deadlineMs: 100 }))).toBe('deadline_exceeded')
})

test('a call without a deadline of its own has the client’s', async () => {
  const { address } = await harness.serve({ getEvent: () => new Promise(() => undefined) }, { drainMs: 100 })
  expect(await codeOf(harness.connect(address, { deadlineMs: 100 }).getEvent({}))).toBe('deadline_exceeded')
})

test('a call against a server that accepts connections and says nothing ends at its deadline', async () => {
  const sockets = new DisposableStack()
  await using server = createServer((socket) => sockets.defer(() => socket.destroy()))
  using _ = sockets
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  expect(await codeOf(harness.connect(`127.0.0.1:${port}`, { retryMethods: ['getEvent'] }).getEvent({}, { deadlineMs: 200 }))).toBe(
    'deadline_exceeded',
  )
})

test('a call against a stopped process (SIGSTOP) ends at its deadline, and works again once the process goes on', async () => {
  const script = join(import.meta.dirname, 'ledger-server.ts')
  const child = spawn(process.execPath, [script, harness.authority.jwksFile], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [port] = await once(child.stdout, 'data')
    const client = harness.connect(`127.0.0.1:${String(port).trim()}`)
    await client.getEvent({ eventId: 'before' })
    child.kill('SIGSTOP')
    expect(await codeOf(client.getEvent({}, { deadlineMs: 200 }))).toBe('deadline_exceeded')
    child.kill('SIGCONT')
    expect((await client.getEvent({ eventId: 'after' }, { deadlineMs: 5_000 })).event?.eventId).toBe('after')
  } finally {
    child.kill('SIGKILL')
  }
}, 20_000)

test('a call whose signal aborts is cancelled', async () => {
  const { address } = await harness.serve({ getEvent: () => new Promise(() => undefined) }, { drainMs: 100 })
  expect(await codeOf(harness.connect(address).getEvent({}, { signal: AbortSignal.timeout(50) }))).toBe('cancelled')
})

test('only the methods named as idempotent are tried again when a server is unavailable, and no other failure is', async () => {
  const runs = { getEvent: 0, listEvents: 0, getDelivery: 0 }
  const { address } = await harness.serve({
    getEvent: () => ((runs.getEvent += 1) < 3 ? unavailable() : Promise.resolve({})),
    listEvents: () => ((runs.listEvents += 1) < 3 ? unavailable() : Promise.resolve({})),
    getDelivery: () => {
      runs.getDelivery += 1
      throw new FrontdeskError('internal', { publicMessage: 'No.' })
    },
  })
  const client = harness.connect(address, { retryMethods: ['getEvent', 'getDelivery'] })
  expect(await codeOf(client.getEvent({}))).toBe('ok')
  expect(await codeOf(client.listEvents({}))).toBe('unavailable')
  expect(await codeOf(client.getDelivery({}))).toBe('internal')
  expect(runs).toEqual({ getEvent: 3, listEvents: 1, getDelivery: 1 })
})

test('retries end after four attempts', async () => {
  let runs = 0
  const { address } = await harness.serve({
    getEvent: () => {
      runs += 1
      return unavailable()
    },
  })
  expect(await codeOf(harness.connect(address, { retryMethods: ['getEvent'] }).getEvent({}, { deadlineMs: 10_000 }))).toBe('unavailable')
  expect(runs).toBe(4)
})

test('a server that nobody runs is unavailable, and its address is not in the public text', async () => {
  const error: unknown = await harness
    .connect('127.0.0.1:1')
    .getEvent({})
    .catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'unavailable', retryable: true, publicMessage: 'ledger can not be reached at the moment.' })
})

test('calls go round robin over three backends', async () => {
  const served = [0, 0, 0]
  const backends = await Promise.all(
    served.map((_, index) =>
      harness.serve({
        getEvent: () => {
          served[index] = (served[index] ?? 0) + 1
          return Promise.resolve({})
        },
      }),
    ),
  )
  const client = harness.connect(`ipv4:${backends.map(({ address }) => address).join(',')}`)
  // The first calls may come before all three are connected.
  await expect.poll(async () => client.getEvent({}).then(() => served.every((count) => count > 0))).toBe(true)
  served.fill(0)
  for (let index = 0; index < 60; index += 1) await client.getEvent({})
  expect(served).toEqual([20, 20, 20])
})

test('a server that stops under load fails no call, though none is retried', async () => {
  const slow = { getEvent: () => new Promise<object>((resolve) => setTimeout(resolve, 30, {})) }
  const [first, second] = await Promise.all([harness.serve(slow), harness.serve(slow)])
  const client = harness.connect(`ipv4:${first.address},${second.address}`)
  const codes: string[] = []
  let going = true
  const callers = Array.from({ length: 40 }, async () => {
    while (going) codes.push(await codeOf(client.getEvent({}, { deadlineMs: 5_000 })))
  })
  await expect.poll(() => codes.length).toBeGreaterThan(200)
  await first.server[Symbol.asyncDispose]()
  const before = codes.length
  await expect.poll(() => codes.length).toBeGreaterThan(before + 200)
  going = false
  await Promise.all(callers)
  expect(codes.filter((code) => code !== 'ok')).toEqual([])
})

test('a stop lets the calls in flight finish', async () => {
  const running = Promise.withResolvers<void>()
  const release = Promise.withResolvers<object>()
  const { server, address } = await harness.serve({
    getEvent: () => {
      running.resolve()
      return release.promise
    },
  })
  const call = codeOf(harness.connect(address).getEvent({}))
  await running.promise
  const stop = server[Symbol.asyncDispose]()
  release.resolve({})
  expect(await call).toBe('ok')
  await stop
})

test('a stop cuts what is still running at its limit', async () => {
  const running = Promise.withResolvers<void>()
  const { server, address } = await harness.serve(
    {
      getEvent: () => {
        running.resolve()
        return new Promise(() => undefined)
      },
    },
    { drainMs: 100 },
  )
  const call = codeOf(harness.connect(address).getEvent({}, { deadlineMs: 10_000 }))
  await running.promise
  const startedAt = performance.now()
  await server[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(2_000)
  expect(['cancelled', 'unavailable']).toContain(await call)
})
