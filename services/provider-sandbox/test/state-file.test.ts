import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, startProviderSandbox } from '@frontdesk/testing'
import { Stripe } from 'stripe'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Harness, startHarness, stripeClient, subscribed } from './harness.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontdesk-sandbox-'))
})
afterEach(() => rm(folder, { recursive: true }))
const path = () => join(folder, 'state.json')

test('what was made is there after a restart, and the same idempotency key still gets the same answer', async () => {
  let customerId: string
  let before: object
  {
    await using harness = await startHarness({ STATE_FILE: path() })
    customerId = (await harness.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })).id
    await subscribed(harness)
    await harness.control('PUT', '/whatsapp/accounts', { phoneNumberId: '1', businessAccountId: '2' })
    before = await harness.control('GET', '/state/stripe')
  }
  await using harness = await startHarness({ STATE_FILE: path() })
  expect(await harness.control('GET', '/state/stripe')).toEqual(before)
  expect((await harness.stripe.customers.create({ name: 'Ada' }, { idempotencyKey: 'k' })).id).toBe(customerId)
  expect(await readdir(folder)).toEqual(['state.json'])
})

test('a change is in the file in a moment, before any stop', async () => {
  await using sandbox = await startProviderSandbox({ stateFile: path() })
  const { id } = await stripeClient(sandbox.stripeUrl, { key: sandbox.secrets.stripeApiKey }).customers.create({})
  await eventually(async () => expect(await readFile(path(), 'utf8')).toContain(id))
})

test('a reset is kept, too', async () => {
  {
    await using harness = await startHarness({ STATE_FILE: path() })
    await harness.stripe.customers.create({})
    await harness.control('POST', '/reset')
  }
  await using harness = await startHarness({ STATE_FILE: path() })
  expect(await harness.control('GET', '/state/stripe')).toMatchObject({ customers: [] })
})

test('thin events are there after a restart, a meter event session is not and never was in the file', async () => {
  const send = (harness: Harness, key: string) =>
    stripeClient(harness.stripeUrl, { key }).v2.billing.meterEventStream.create({ events: [{ event_name: 'unheard_of', payload: {} }] })
  let token: string
  let before: { readonly thinEvents: readonly { readonly id: string }[] }
  {
    await using harness = await startHarness({ STATE_FILE: path() })
    token = (await harness.stripe.v2.billing.meterEventSession.create()).authentication_token
    await send(harness, token)
    before = await harness.control('GET', '/state/stripe')
  }
  await using harness = await startHarness({ STATE_FILE: path() })
  expect(await readFile(path(), 'utf8')).not.toContain(token)
  expect(await harness.control('GET', '/state/stripe')).toEqual(before)
  const [event] = before.thinEvents
  expect(await harness.stripe.v2.core.events.retrieve(event?.id ?? '')).toMatchObject({ type: 'v1.billing.meter.no_meter_found' })
  await expect(send(harness, token)).rejects.toBeInstanceOf(Stripe.errors.TemporarySessionExpiredError)
})

test('a file from before there were thin events is read', async () => {
  await writeFile(path(), '{"version":1,"states":{"stripe":{"customers":[]}}}')
  await using harness = await startHarness({ STATE_FILE: path() })
  expect(await harness.control('GET', '/state/stripe')).toMatchObject({ thinEvents: [] })
})

test.each(['', '{', '{"version":2,"states":{}}', '{"version":1,"states":{"stripe":{"customers":[1]}}}'])(
  'a file that holds %j stops the start',
  async (text) => {
    await writeFile(path(), text)
    await expect(startHarness({ STATE_FILE: path() })).rejects.toThrow('delete it to begin anew')
    expect(await readFile(path(), 'utf8')).toBe(text)
  },
)

test('a file that can not be written does not keep the providers from answering', async () => {
  const harness = await startHarness({ STATE_FILE: join(folder, 'absent', 'state.json') })
  await harness.stripe.customers.create({})
  await expect(harness[Symbol.asyncDispose]()).rejects.toThrow('ENOENT')
})
