import { rm } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { applyStreams, connectBus } from '@frontdesk/bus'
import { durables, OperationsServiceDefinition } from '@frontdesk/contracts'
import { createRpcClient, fixedToken } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { createSandboxControl, eventually } from '@frontdesk/testing'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { sendWebhook, type SignedWebhook, type WebhookAnswer } from '../src/dev/webhooks.ts'
import { type EventServiceName, eventServiceNames } from '../src/stack/manifest.ts'
import type { Stack } from '../src/stack/stack.ts'
import { type ExpectedAppointment, workload } from './lives.ts'
import { startPrivateStack } from './private-stack.ts'

const calls = 500
const bookings = 1_000
const unique = 3 * (calls + bookings)
const duplicates = 500
const senders = 32

test(
  `known bug 12: an accepted webhook is never lost after its ack: ${unique + duplicates} webhooks through ${3 * 6 + 1} kills and the loss of all that the broker held: none lost, none with two effects`,
  async () => {
    await using cleanUp = new AsyncDisposableStack()
    const stack = cleanUp.use(await startPrivateStack())
    const before = await seeding(stack)
    const expected = workload(stack.manifest, calls, bookings)
    expect(expected.webhooks).toHaveLength(unique)

    const kills = chaos(stack)
    const queue = shuffled([...expected.webhooks, ...expected.webhooks.slice(0, duplicates)])
    const answers = await deliver(stack, queue, kills)
    expect(kills.done).toEqual({ 'webhook-ingress': 4, 'company-resolver': 3, booking: 3, billing: 3, messaging: 3, nats: 3 })

    // To every webhook one answer was that it is new or known; to no webhook two, that it is new: the answer to a kept one may be lost.
    expect(answers.filter(({ answer: { accepted, duplicates } }) => accepted + duplicates !== 1)).toEqual([])
    const accepted = answers.filter(({ answer }) => answer.accepted === 1).map(({ webhook }) => webhook)
    expect(new Set(accepted).size).toBe(accepted.length)
    expect(accepted.length).toBeLessThanOrEqual(unique)
    // Every webhook has been answered 2xx by now, so the ledger has to hold every event, before anything else is waited for.
    expect(await countRows(stack, 'webhook_ingress.events')).toBe(before.events + unique)

    await settled(stack, expected.forBooking)
    // Kills hit the moment between a commit and its ack only by luck; this makes every event come twice for certain.
    await deliverEverythingAgain(stack)
    const counts = await settled(stack, expected.forBooking)
    expect(counts['webhook-ingress']).toMatchObject({ accepted: before.events + unique })
    expect(counts['company-resolver']).toMatchObject({
      attributed: before.attributed + unique,
      quarantined: before.events - before.attributed,
      dead: 0,
    })
    expect(counts.booking).toMatchObject({ handled: expected.forBooking, dead: 0 })
    expect([counts.billing.dead, counts.messaging.dead]).toEqual([0, 0])

    const books = await readBooks(stack)
    const kept = before.events + unique
    expect(books.ledger).toEqual({ events: kept, deliveries: kept, outbox: kept, unpublished: 0 })
    expect(books.resolver).toEqual({ attributions: kept, outbox: kept, distinct: kept, unpublished: 0 })
    expect(books.appointments).toEqual(sorted(expected.appointments))
    // Each visible change of an appointment is told exactly once.
    expect(books.toldChanges).toBe(books.changes)
    expect(books.toldCustomers).toBe(books.customers)
    // Each call is counted once, and each appointment that was ever confirmed has one confirmation.
    expect(books.usage).toEqual({ records: calls, minutes: calls, told: calls })
    expect(books.confirmations).toBe(books.confirmed)
  },
  6 * 60_000,
)

interface Chaos {
  /** Called before each delivery; blocks only when the kills fall behind the deliveries. */
  before(sent: number): Promise<void>
  finished(): Promise<void>
  readonly done: Record<EventServiceName | 'nats', number>
}

/**
 * Every process is killed three times, spread over the deliveries; the ingress once more, while the broker is down. The
 * second time the broker loses all its data.
 */
function chaos(stack: Stack): Chaos {
  const done = { 'webhook-ingress': 0, 'company-resolver': 0, booking: 0, billing: 0, messaging: 0, nats: 0 }
  const kill = async (name: EventServiceName) => {
    await stack.restart(name)
    done[name] += 1
  }
  const killNats = async (meanwhile?: () => Promise<void>) => {
    await stack.restartNats(meanwhile)
    done.nats += 1
  }
  /** Its disk is gone, with everything that it acknowledged; an operator makes the streams again. */
  const loseNats = async () => {
    const { nats } = stack
    if (!nats) throw new Error('the broker is not ours')
    await killNats(() => rm(nats.storeDir, { recursive: true }))
    await apply(stack)
  }
  const round = eventServiceNames.map((name) => () => kill(name))
  const plan = [...round, () => killNats(() => kill('webhook-ingress')), ...round, loseNats, ...round, () => killNats()]
  const every = Math.floor((unique + duplicates) / (plan.length + 1))
  let under: Promise<void> = Promise.resolve()
  return {
    done,
    async before(sent) {
      if (sent === 0 || sent % every !== 0) return
      const next = plan.shift()
      if (!next) return
      const previous = under
      under = previous.then(next)
      await previous
    },
    finished: () => under,
  }
}

interface Answered {
  /** The same function for the same webhook. */
  readonly webhook: () => SignedWebhook
  readonly answer: WebhookAnswer
}

/** Sends each until it is answered 2xx, as the providers do, only with less patience. */
async function deliver(stack: Stack, queue: readonly (() => SignedWebhook)[], kills: Chaos): Promise<Answered[]> {
  const answers: Answered[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: senders }, async () => {
      for (let index = next++; index < queue.length; index = next++) {
        await kills.before(index)
        const webhook = queue[index] as () => SignedWebhook
        answers.push({ webhook, answer: await insist(stack, webhook) })
      }
    }),
  )
  await kills.finished()
  return answers
}

async function insist(stack: Stack, webhook: () => SignedWebhook): Promise<WebhookAnswer> {
  for (;;) {
    const answer = await sendWebhook(stack.manifest, webhook()).catch(() => undefined)
    if (answer?.status === 200) return answer
    if (answer && answer.status !== 503) throw new Error(`the ingress answered ${JSON.stringify(answer)}`)
    await wait(50)
  }
}

/** What a broker does that lost what it knew of its consumers: each durable begins at the first message again. */
async function deliverEverythingAgain(stack: Stack): Promise<void> {
  await using telemetry = createTelemetry({ service: 'e2e', logLevel: 'silent' })
  await using bus = connectBus({ servers: stack.manifest.nats.url, name: 'e2e', telemetry })
  const { consumers } = await bus.manager()
  await Promise.all(durables.map(({ stream, name }) => consumers.delete(stream, name)))
  await applyStreams(bus)
}

async function apply(stack: Stack): Promise<void> {
  await using telemetry = createTelemetry({ service: 'e2e', logLevel: 'silent' })
  await using bus = connectBus({ servers: stack.manifest.nats.url, name: 'e2e', telemetry })
  await applyStreams(bus)
}

/** Resolves once no durable has anything to deliver or waits for an ack. */
async function drained(stack: Stack): Promise<void> {
  await using telemetry = createTelemetry({ service: 'e2e', logLevel: 'silent' })
  await using bus = connectBus({ servers: stack.manifest.nats.url, name: 'e2e', telemetry })
  const { consumers } = await bus.manager()
  await eventually(
    async () => {
      const infos = await Promise.all(durables.map(({ stream, name }) => consumers.info(stream, name)))
      const open = infos.map(({ name, num_pending, num_ack_pending }) => ({ name, toDeliver: num_pending, unacked: num_ack_pending }))
      expect(open.filter(({ toDeliver, unacked }) => toDeliver > 0 || unacked > 0)).toEqual([])
    },
    { timeoutMs: 90_000, intervalMs: 250 },
  )
}

/** The conservation counts of every service, once nothing is in flight any more. */
async function settled(stack: Stack, forBooking: number): Promise<Record<EventServiceName, Record<string, number>>> {
  await drained(stack)
  const { rpc, operatorToken } = stack.manifest
  await using clients = new AsyncDisposableStack()
  const telemetry = clients.use(createTelemetry({ service: 'e2e', logLevel: 'silent' }))
  const operations = eventServiceNames.map((name) => {
    const options = { address: rpc[name], audience: name, issuer: fixedToken(operatorToken), telemetry, deadlineMs: 5_000 }
    return clients.use(createRpcClient(OperationsServiceDefinition, options))
  })
  return await eventually(
    async () => {
      const answers = await Promise.all(operations.map((client) => client.getConservation({})))
      const counts = answers.map((answer) =>
        Object.fromEntries(Object.entries(answer.counts).map(([name, count]) => [name, Number(count)])),
      )
      const byService = Object.fromEntries(eventServiceNames.map((name, index) => [name, counts[index] ?? {}]))
      const of = byService as Record<EventServiceName, Record<string, number>>
      const { 'webhook-ingress': ingress, 'company-resolver': resolver, booking } = of
      const inFlight = {
        unpublished: answers.map(({ unpublished }) => Number(unpublished)),
        unattributed: (ingress.accepted ?? 0) - (resolver.handled ?? 0) - (resolver.dead ?? 0),
        unbooked: forBooking - (booking.handled ?? 0) - (booking.dead ?? 0),
      }
      expect(inFlight).toEqual({ unpublished: answers.map(() => 0), unattributed: 0, unbooked: 0 })
      return of
    },
    { timeoutMs: 120_000, intervalMs: 500 },
  )
}

/** What the ledger holds of the seeding: Stripe tells of subscriptions and their invoices, and of what is no company's, such as prices. */
async function seeding(stack: Stack): Promise<{ readonly events: number; readonly attributed: number }> {
  const { events } = await createSandboxControl(stack.manifest.sandbox.controlUrl).stripe.state()
  await eventually(async () => expect(await countRows(stack, 'company_resolver.attributions')).toBe(events.length), { timeoutMs: 10_000 })
  return { events: events.length, attributed: await countRows(stack, 'company_resolver.attributions WHERE company_id IS NOT NULL') }
}

async function countRows(stack: Stack, table: string): Promise<number> {
  const connection = await createConnection(stack.manifest.mysql.url)
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT COUNT(*) AS n FROM ${table}`)
    return Number(rows[0]?.n)
  } finally {
    await connection.end()
  }
}

/** What the databases themselves say, asked without any code of the services. */
async function readBooks(stack: Stack) {
  await using cleanUp = new AsyncDisposableStack()
  const connection = await createConnection({ uri: stack.manifest.mysql.url, timezone: 'Z' })
  cleanUp.defer(() => connection.end())
  const one = async (sql: string) => Number((await connection.query<RowDataPacket[]>(`SELECT ${sql} AS n`))[0][0]?.n)
  const count = (table: string) => one(`(SELECT COUNT(*) FROM ${table})`)
  // The directory's own events leave the resolver, too.
  const ofProviders =
    "SUBSTRING_INDEX(SUBSTRING_INDEX(event_type, '.', 2), '.', -1) NOT IN ('company', 'branch', 'phone_number', 'connection', 'signal')"
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT company_id AS companyId, origin_id AS originId, status, starts_at AS startsAt FROM booking.appointments',
  )
  return {
    ledger: {
      events: await count('webhook_ingress.events'),
      deliveries: await count('webhook_ingress.deliveries'),
      outbox: await count('webhook_ingress.outbox'),
      unpublished: await count('webhook_ingress.outbox WHERE published_at IS NULL'),
    },
    resolver: {
      attributions: await count('company_resolver.attributions'),
      outbox: await count(`company_resolver.outbox WHERE ${ofProviders}`),
      distinct: await one(`(SELECT COUNT(DISTINCT event_id, subject) FROM company_resolver.outbox WHERE ${ofProviders})`),
      unpublished: await count('company_resolver.outbox WHERE published_at IS NULL'),
    },
    appointments: sorted(rows as unknown as ExpectedAppointment[]),
    changes: await one('(SELECT SUM(version) FROM booking.appointments)'),
    toldChanges: await count("booking.outbox WHERE event_type LIKE 'frontdesk.appointment.%'"),
    customers: await count('booking.customers'),
    toldCustomers: await count("booking.outbox WHERE event_type = 'frontdesk.customer.created.v1'"),
    confirmed: await one("(SELECT COUNT(DISTINCT entity_id) FROM booking.outbox WHERE event_type = 'frontdesk.appointment.confirmed.v1')"),
    confirmations: await count("messaging.messages WHERE purpose = 'appointment_confirmation'"),
    usage: {
      records: await count("billing.usage_records WHERE kind = 'call_minutes'"),
      minutes: await one("(SELECT SUM(quantity) FROM billing.usage_records WHERE kind = 'call_minutes')"),
      told: await count("billing.outbox WHERE event_type = 'frontdesk.usage.recorded.v1'"),
    },
  }
}

function sorted(appointments: readonly ExpectedAppointment[]): ExpectedAppointment[] {
  return appointments
    .map(({ companyId, originId, status, startsAt }) => ({ companyId, originId, status, startsAt }))
    .toSorted((a, b) => (a.originId < b.originId ? -1 : 1))
}

function shuffled<Item>(items: Item[]): Item[] {
  for (let index = items.length - 1; index > 0; index -= 1) {
    const other = Math.floor(Math.random() * (index + 1))
    const held = items[index] as Item
    items[index] = items[other] as Item
    items[other] = held
  }
  return items
}
