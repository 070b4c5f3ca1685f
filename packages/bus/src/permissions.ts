import { bulkSubject, durables, everyCompanySubject, isCompanyId, publishedSubjects, streams } from '@frontdesk/contracts'
import type { Publisher } from '@frontdesk/contracts'
import { invalidArgument } from '@frontdesk/errors'
import { inboxPrefixOf } from './link.ts'
import { streamOf } from './subjects.ts'
import { checkSubscriberName } from './subscriber-name.ts'

/** What a user of the broker may publish and subscribe to; everything else is refused. */
export interface Permissions {
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** What a service of ours needs: its own subjects, a look at the streams it needs, its own durables and its own replies. */
export function servicePermissions(service: Publisher): Permissions {
  const published = publishedSubjects(service)
  const own = durables.filter((durable) => durable.service === service)
  const isPublished = (stream: string) => published.some((filter) => streamOf(filter.replaceAll('*', 'x')) === stream)
  // What a stream holds at a sequence: whether a duplicate is ours, what a broker has lost, and what a durable passed over.
  const readable = streams.filter(({ name }) => isPublished(name) || own.some(({ stream }) => stream === name))
  return {
    publish: [
      ...published,
      ...streams.flatMap(({ name }) => [`$JS.API.STREAM.INFO.${name}`, `$JS.API.CONSUMER.LIST.${name}`]),
      ...readable.flatMap(({ name }) => [`$JS.API.STREAM.MSG.GET.${name}`, `$JS.API.DIRECT.GET.${name}`, `$JS.API.DIRECT.GET.${name}.>`]),
      ...own.flatMap(({ stream, name }) => [
        ...consuming(stream, name),
        // To make it anew where its place is ahead of its stream.
        `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.${name}`,
        `$JS.API.CONSUMER.CREATE.${stream}.${name}`,
        `$JS.API.CONSUMER.CREATE.${stream}.${name}.>`,
        `$JS.API.CONSUMER.DELETE.${stream}.${name}`,
      ]),
    ],
    subscribe: [`${inboxPrefixOf(service)}.>`, ...hints(service)],
  }
}

/** What a service hears without a consumer: every replica of the ingress learns at once that a connection's secret changed. */
function hints(service: Publisher): string[] {
  return service === 'webhook-ingress' ? [everyCompanySubject('frontdesk.connection.changed.v1')] : []
}

/**
 * The JetStream domain by which a subscriber's own account reaches the streams in ours: to requests of its own `$JS.API`
 * the broker itself answers that the account has no streams.
 */
export const importedDomain = 'frontdesk'

/** A user of another team's. */
export interface SubscriberGrant {
  /** As in `createSubscriber`. */
  readonly name: string
  readonly company: string
  /**
   * Whether it makes its consumers itself. The broker holds their filter to the company, but lets a push consumer deliver
   * to any subject of our account: that is writing what one may only read. For teams that are trusted like our own.
   */
  readonly selfService?: boolean
}

/**
 * What a subscriber of one company needs: two durables that the operator made for it, and its replies. With
 * `selfService` also to make them, with the company's filter alone, which stands in the request's subject; the forms of
 * the request without a filter in it are not there, nor is any look at a stream. They hold a user that has an account of
 * its own (scripts/src/nats/permissions-config.ts): no permission says where the answers to its requests may go.
 * @throws FrontdeskError `invalid_argument` if it is no company id, or no name for a subscriber.
 */
export function subscriberPermissions({ name, company, selfService = false }: SubscriberGrant): Permissions {
  if (!isCompanyId(company)) throw invalidArgument('The company must be a company id (cmp_…).')
  checkSubscriberName(name)
  const stream = 'COMPANY'
  const live = `company.${company}.>`
  const lanes = [
    { durable: name, filter: live },
    { durable: `${name}-bulk`, filter: bulkSubject(live) },
  ]
  const making = lanes
    .flatMap(({ durable, filter }) => [durable, `${durable}-probe`].map((consumer) => ({ consumer, filter })))
    .flatMap(({ consumer, filter }) => [
      `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.${filter}`,
      `$JS.API.CONSUMER.DELETE.${stream}.${consumer}`,
    ])
  const probing = lanes.flatMap(({ durable }) => consuming(stream, `${durable}-probe`))
  return {
    publish: [...lanes.flatMap(({ durable }) => consuming(stream, durable)), ...(selfService ? [...making, ...probing] : [])],
    subscribe: [`${inboxPrefixOf(name)}.>`],
  }
}

function consuming(stream: string, consumer: string): string[] {
  return [
    `$JS.API.CONSUMER.INFO.${stream}.${consumer}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    `$JS.ACK.${stream}.${consumer}.>`,
  ]
}
