import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { serveBare } from './bare-server.ts'

// Each event is kept by JetStream alone before it is answered: plain, and durable where the broker syncs every message.
const stream = 'INGRESS'
const js = jetstream(await connect({ servers: process.env.NATS_URL ?? '' }))

await serveBare(async ({ event, call }, rawBody) => {
  const ack = await js.publish(`ingress.retell.${event.replace('_', '.')}`, rawBody, { msgID: `${event} ${call.call_id}` })
  if (ack.stream !== stream || !(ack.seq > 0)) throw new Error(`acked by ${ack.stream}, which is not ${stream}`)
  return ack.duplicate ? { accepted: 0, duplicates: 1 } : { accepted: 1, duplicates: 0 }
})
