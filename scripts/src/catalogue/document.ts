import { bulkSubject } from '@frontdesk/contracts'
import { cataloguedEvents } from './events.ts'
import type { CataloguedEvent } from './events.ts'
import type { Protos } from './descriptors.ts'
import { eventHeaders } from './headers.ts'
import { schemasOf } from './json-schema.ts'
import type { JsonSchema } from './json-schema.ts'

const description = `Every event of Frontdesk: on which subjects it travels, what its headers and its payload say, which service publishes it, and which of ours consume it.

- Transport: NATS JetStream. What belongs to a company is in the stream COMPANY, on \`company.<companyId>.<entity>.<verb>\`; \`ingress.…\` and \`quarantine.…\` are between our own services.
- \`bulk.\` in front of a subject is the bulk lane: the same events, with the same ids, published again or in masses. Whoever wants every event once consumes both lanes and deduplicates over both.
- Delivery is at least once and in no promised order. Deduplicate by \`ce-id\`, for ever; compare versions or times and never go backwards.
- The body is proto3 JSON: a field that has its default ("" or 0 or false or an empty list) is left out, 64-bit integers are strings, enums are names, instants are RFC 3339 in UTC. New fields, enum values and event types are added at any time: ignore what you do not know.
- \`packages/subscriber\` does all of this for a Node program.`

const parameters: Readonly<Record<string, JsonSchema>> = {
  companyId: { description: 'The company: cmp_ and 26 characters.', examples: ['cmp_01h455vb4pex5vsknk084sn02q'] },
  provider: { description: 'Which provider’s webhook it was.', examples: ['retell', 'calcom', 'stripe', 'whatsapp'] },
  reason: { description: 'Why no company was sure enough, as in the payload and in lower case.', examples: ['no_match', 'schema_drift'] },
}

/** The catalogue as an AsyncAPI 3 document. */
export function asyncApiDocument(protos: Protos) {
  const events = cataloguedEvents(protos)
  const routes = events.flatMap((event) =>
    event.stages.flatMap((stage) => [
      { event, stage, lane: 'live', subject: stage.subject },
      { event, stage, lane: 'bulk', subject: bulkSubject(stage.subject) },
    ]),
  )
  return {
    asyncapi: '3.0.0',
    info: { title: 'Frontdesk events', version: '1.0.0', description },
    defaultContentType: 'application/json',
    servers: { nats: { host: '{host}', protocol: 'nats', variables: { host: { default: 'nats.nats.svc:4222' } } } },
    channels: Object.fromEntries(routes.map((route) => [channelId(route.subject), channelOf(route.event, route.subject)])),
    operations: Object.fromEntries(routes.flatMap((route) => operationsOf(route))),
    components: {
      parameters,
      messages: Object.fromEntries(events.map((event) => [event.type, messageOf(event)])),
      messageTraits: { cloudEvent: { headers: eventHeaders } },
      schemas: schemasOf(
        protos,
        events.map(({ message }) => message),
        (name) => `#/components/schemas/${name}`,
      ),
    },
  }
}

type Route = { event: CataloguedEvent; stage: CataloguedEvent['stages'][number]; lane: string; subject: string }

/** The subject without what differs from event to event. */
function channelId(subject: string): string {
  return subject.replaceAll(/\.\{\w+\}/g, '')
}

function channelOf({ type, summary }: CataloguedEvent, subject: string) {
  const names = [...subject.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
  return {
    address: subject,
    summary,
    parameters: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/parameters/${name}` }])),
    messages: { [type]: { $ref: `#/components/messages/${type}` } },
  }
}

function operationsOf({ event, stage, lane, subject }: Route): [string, object][] {
  const channel = channelId(subject)
  const shared = { channel: { $ref: `#/channels/${channel}` }, messages: [{ $ref: `#/channels/${channel}/messages/${event.type}` }] }
  return [
    [`${stage.publisher}.publishes.${channel}`, { action: 'send', ...shared, tags: [{ name: stage.publisher }, { name: lane }] }],
    ...stage.consumers.map((consumer): [string, object] => [
      `${consumer}.consumes.${channel}`,
      { action: 'receive', ...shared, tags: [{ name: consumer }, { name: lane }] },
    ]),
  ]
}

function messageOf({ type, summary, owner, message }: CataloguedEvent) {
  return {
    name: type,
    title: message.name,
    summary,
    contentType: 'application/json',
    tags: [{ name: owner }],
    traits: [{ $ref: '#/components/messageTraits/cloudEvent' }],
    payload: { $ref: `#/components/schemas/${message.name}` },
  }
}
