import { catalogue } from './catalogue.ts'
import type { EventType } from './catalogue.ts'
import { bulkSubject, entityAndVerb } from './subjects.ts'
import type { StreamSpec } from './topology.ts'

/** A process of ours that publishes events. */
export type Publisher = (typeof catalogue)[EventType]['owner']

/** One stage of an event's way: under which subjects it travels there, and who publishes it. */
export interface Stage {
  readonly stream: StreamSpec['name']
  readonly publisher: Publisher
  /** With a name in braces for each token that differs: `company.{companyId}.call.ended`. */
  readonly subject: string
}

const quarantined: EventType = 'frontdesk.event.quarantined.v1'

/** The stages of an event type, in the order of its way: what a provider sent is first published without a company. */
export function stagesOf(type: EventType): readonly Stage[] {
  const { owner } = catalogue[type]
  if (type === quarantined) return [{ stream: 'QUARANTINE', publisher: owner, subject: 'quarantine.{provider}.{reason}' }]
  const subject = `company.{companyId}.${entityAndVerb(type)}`
  if (owner !== 'webhook-ingress') return [{ stream: 'COMPANY', publisher: owner, subject }]
  return [
    { stream: 'INGRESS', publisher: owner, subject: `ingress.{provider}.${entityAndVerb(type)}` },
    { stream: 'COMPANY', publisher: 'company-resolver', subject },
  ]
}

/** The filter that matches every subject of a stage. */
export function stageFilter({ subject }: Stage): string {
  return subject.replaceAll(/\{\w+\}/g, '*')
}

/** What a service publishes: a filter for each of its stages, in both lanes. */
export function publishedSubjects(service: Publisher): string[] {
  const stages = (Object.keys(catalogue) as EventType[]).flatMap(stagesOf).filter(({ publisher }) => publisher === service)
  return stages.map(stageFilter).flatMap((filter) => [filter, bulkSubject(filter)])
}

/** Whether every subject that `filter` matches is also matched by `wider`, by the rules of NATS. */
export function coversFilter(wider: string, filter: string): boolean {
  const [wide, narrow] = [wider.split('.'), filter.split('.')]
  const tail = wide.at(-1) === '>'
  if (tail ? narrow.length < wide.length : narrow.length !== wide.length) return false
  return wide.slice(0, tail ? -1 : undefined).every((token, index) => narrow[index] !== '>' && (token === '*' || token === narrow[index]))
}
