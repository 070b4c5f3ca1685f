import type { EventType } from './catalogue.ts'
import type { CompanyId } from './ids.ts'

/** Why an event went to no company, as the last token of its quarantine subject. */
export type QuarantineReasonName = 'no_match' | 'ambiguous' | 'low_confidence' | 'conflict' | 'inactive_company' | 'schema_drift'

/** `<entity>.<verb>` of an event type: `frontdesk.call.ended.v1` → `call.ended`. */
export function entityAndVerb(type: EventType): string {
  return type.slice('frontdesk.'.length, type.lastIndexOf('.'))
}

/** Where the ingress publishes a normalized event: `ingress.<provider>.<entity>.<verb>`. */
export function ingressSubject(provider: string, type: EventType): string {
  return `ingress.${provider}.${entityAndVerb(type)}`
}

/** Where a company's event is published: `company.<companyId>.<entity>.<verb>`. */
export function companySubject(companyId: CompanyId, type: EventType): string {
  return `company.${companyId}.${entityAndVerb(type)}`
}

/** Where an event without a company is published: `quarantine.<provider>.<reason>`. */
export function quarantineSubject(provider: string, reason: QuarantineReasonName): string {
  return `quarantine.${provider}.${reason}`
}

/** The subject filter that matches an event type for every company. */
export function everyCompanySubject(type: EventType): string {
  return `company.*.${entityAndVerb(type)}`
}

const bulkPrefix = 'bulk.'

/** The same subject in the bulk lane, where refills and replays travel; one that is in it stays as it is. */
export function bulkSubject(subject: string): string {
  return subject.startsWith(bulkPrefix) ? subject : `${bulkPrefix}${subject}`
}
