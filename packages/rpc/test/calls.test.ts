import { LedgerServiceDefinition, newId, vouchForCompanyId } from '@frontdesk/contracts'
import { errorCodes, FrontdeskError, isFrontdeskError } from '@frontdesk/errors'
import { activeTraceId, withSpan } from '@frontdesk/telemetry'
import { createChannel, createClient, Metadata, Status } from 'nice-grpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { callerOf, requireAllCompanies, requireCompany } from '../src/caller.ts'
import { forAllCompanies } from '../src/for-all-companies.ts'
import { grpcStatusOf } from '../src/status.ts'
import { fixedToken } from '../src/token-issuer.ts'
import { createHarness, type Harness } from './harness.ts'

let harness: Harness
const [own, other] = [vouchForCompanyId(newId('cmp')), vouchForCompanyId(newId('cmp'))]

beforeEach(async () => {
  harness = await createHarness()
})

afterEach(() => harness[Symbol.asyncDispose]())

async function errorOf(work: Promise<unknown>): Promise<FrontdeskError> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (isFrontdeskError(error)) return error
  throw new Error(`expected a FrontdeskError, not ${String(error)}`)
}

test('a call reaches its method with the verified caller', async () => {
  const callers: unknown[] = []
  const { address } = await harness.serve({
    getEvent: ({ eventId }, context) => {
      callers.push(callerOf(context))
      return Promise.resolve({ event: { eventId } })
    },
  })
  const client = harness.connect(address)
  expect((await client.getEvent({ eventId: 'e1' })).event?.eventId).toBe('e1')
  await client.getEvent({ eventId: 'e2' }, { companies: [own], actor: 'usr_1' })
  expect(callers).toEqual([
    { caller: 'test', companies: 'all' },
    { caller: 'test', companies: new Set([own]), actor: 'usr_1' },
  ])
})

test('a call without a token, with an expired one, or with one for another service, is refused with its own code before the method runs', async () => {
  let runs = 0
  const { address } = await harness.serve({
    getEvent: () => {
      runs += 1
      return Promise.resolve({})
    },
  })
  const issuer = harness.authority.issuer('test')
  const codeWith = async (token: string) => (await errorOf(harness.connect(address, { issuer: fixedToken(token) }).getEvent({}))).code
  expect(await codeWith('')).toBe('token_missing')
  expect(await codeWith('nonsense')).toBe('token_invalid')
  expect(await codeWith(await issuer.issue({ audience: 'billing', companies: 'all' }))).toBe('token_invalid')
  expect(await codeWith(await issuer.issue({ audience: 'ledger', companies: 'all', ttlMs: -1_000 }))).toBe('token_expired')
  expect(runs).toBe(0)
})

test('a client of another make gets plain gRPC: UNAUTHENTICATED, and the code in a trailer', async () => {
  const { address } = await harness.serve()
  const channel = createChannel(address)
  let code: string | undefined
  const call = createClient(LedgerServiceDefinition, channel).getEvent(
    {},
    { metadata: Metadata({ authorization: 'Basic eDp5' }), onTrailer: (trailer) => (code = trailer.get('frontdesk-code')) },
  )
  await expect(call).rejects.toMatchObject({ code: Status.UNAUTHENTICATED })
  expect(code).toBe('token_invalid')
  channel.close()
})

test('a company that is not in the token is permission_denied, one of another form invalid_argument', async () => {
  const { address } = await harness.serve({
    listEvents: ({ entityId }, context) => Promise.resolve({ nextPageToken: requireCompany(context, entityId) }),
  })
  const client = harness.connect(address)
  expect((await client.listEvents({ entityId: own }, { companies: [own] })).nextPageToken).toBe(own)
  expect((await client.listEvents({ entityId: other }, { companies: 'all' })).nextPageToken).toBe(other)
  expect((await errorOf(client.listEvents({ entityId: other }, { companies: [own] }))).code).toBe('permission_denied')
  expect((await errorOf(client.listEvents({ entityId: other }, { companies: [] }))).code).toBe('permission_denied')
  expect((await errorOf(client.listEvents({ entityId: 'cmp_1' }, { companies: 'all' }))).code).toBe('invalid_argument')
})

test('a method for all companies refuses a token for some, and callers that it does not name', async () => {
  const { address } = await harness.serve({
    getEvent: (_, context) => {
      requireAllCompanies(context)
      return Promise.resolve({})
    },
    getDelivery: (_, context) => {
      requireAllCompanies(context, ['webhook-ingress'])
      return Promise.resolve({})
    },
  })
  const client = harness.connect(address)
  const ingress = harness.connect(address, { issuer: harness.authority.issuer('webhook-ingress') })
  await client.getEvent({})
  await ingress.getDelivery({})
  expect((await errorOf(client.getEvent({}, { companies: [own] }))).code).toBe('permission_denied')
  expect((await errorOf(client.getDelivery({}))).code).toBe('permission_denied')
})

test('forAllCompanies guards each method of a service', async () => {
  const { address } = await harness.serve(
    forAllCompanies({
      getEvent: ({ eventId }: { eventId: string }) => Promise.resolve({ event: { eventId } }),
      getDelivery: () => Promise.resolve({}),
    }),
  )
  const client = harness.connect(address)
  expect((await client.getEvent({ eventId: 'e1' })).event?.eventId).toBe('e1')
  expect((await errorOf(client.getEvent({}, { companies: [own] }))).code).toBe('permission_denied')
  expect((await errorOf(client.getDelivery({}, { companies: [own] }))).code).toBe('permission_denied')
})

test('every error code survives the way from server to client, with its text, retryability and delay', async () => {
  const { address } = await harness.serve({
    getEvent: ({ eventId }) => {
      const code = errorCodes.find((known) => known === eventId) ?? 'internal'
      const error = { publicMessage: `${code}: 100 % “sure”`, detail: 'secret', retryable: code === 'not_found', retryAfterMs: 1_500 }
      throw new FrontdeskError(code, error)
    },
  })
  const client = harness.connect(address)
  const errors = await Promise.all(errorCodes.map((eventId) => errorOf(client.getEvent({ eventId }))))
  expect(errors.map(({ code, publicMessage, retryable, retryAfterMs }) => ({ code, publicMessage, retryable, retryAfterMs }))).toEqual(
    errorCodes.map((code) => ({ code, publicMessage: `${code}: 100 % “sure”`, retryable: code === 'not_found', retryAfterMs: 1_500 })),
  )
  expect(errors.filter((error) => error.message.includes('secret'))).toEqual([])
  expect(new Set(Object.values(grpcStatusOf))).not.toContain(Status.OK)
})

test('an unknown error is INTERNAL, tells the caller nothing of itself, and is in the log with its trace', async () => {
  const { address } = await harness.serve({
    getEvent: () => Promise.reject(new Error('mysql://root:hunter2@db', { cause: new TypeError('deep') })),
  })
  const channel = createChannel(address)
  const token = await harness.authority.issuer('test').issue({ audience: 'ledger', companies: 'all' })
  let trailer = Metadata()
  const error: unknown = await createClient(LedgerServiceDefinition, channel)
    .getEvent({}, { metadata: Metadata({ authorization: `Bearer ${token}` }), onTrailer: (received) => (trailer = received) })
    .catch((thrown: unknown) => thrown)
  channel.close()
  expect(error).toMatchObject({ code: Status.INTERNAL })
  expect(JSON.stringify([String(error), ...trailer])).not.toMatch(/hunter2|mysql|deep|TypeError|\.ts/)
  expect(harness.telemetry.lines).toContainEqual(
    expect.objectContaining({ level: 'error', trace_id: expect.any(String), msg: 'call failed' }),
  )
})

test('a message above the limit is refused as too large', async () => {
  const { address } = await harness.serve({}, { maxMessageBytes: 1_000 })
  expect((await errorOf(harness.connect(address).getEvent({ eventId: 'x'.repeat(2_000) }))).code).toBe('payload_too_large')
})

test('the trace of the caller goes on in the server', async () => {
  const traceIds: (string | undefined)[] = []
  const { address } = await harness.serve({
    getEvent: () => {
      traceIds.push(activeTraceId())
      return Promise.resolve({})
    },
  })
  const client = harness.connect(address)
  await withSpan('work', {}, async () => {
    traceIds.push(activeTraceId())
    await client.getEvent({})
  })
  await client.getEvent({})
  expect(traceIds[0]).toMatch(/^[0-9a-f]{32}$/)
  expect(traceIds[1]).toBe(traceIds[0])
  expect(traceIds[2]).not.toBe(traceIds[0])
})

test('each call counts once by method and code, at both ends', async () => {
  const { address } = await harness.serve({
    listEvents: () => Promise.reject(new FrontdeskError('not_found', { publicMessage: 'No.' })),
  })
  const client = harness.connect(address)
  await client.getEvent({})
  await client.getEvent({})
  await errorOf(client.listEvents({}))
  await errorOf(harness.connect(address, { issuer: fixedToken('x') }).getEvent({}))
  const { body } = await harness.telemetry.metrics.render()
  for (const side of ['server', 'client']) {
    const counts = body.split('\n').filter((line) => line.startsWith(`frontdesk_rpc_${side}_call_duration_seconds_count`))
    expect(counts.map((line) => line.replace(/^[^{]*/, '')).toSorted()).toEqual([
      '{method="frontdesk.ledger.v1.LedgerService/GetEvent",code="ok"} 2',
      '{method="frontdesk.ledger.v1.LedgerService/GetEvent",code="token_invalid"} 1',
      '{method="frontdesk.ledger.v1.LedgerService/ListEvents",code="not_found"} 1',
    ])
  }
})

test('a context that is no call of ours has no caller', () => {
  expect(() => callerOf({})).toThrow('no caller')
})
