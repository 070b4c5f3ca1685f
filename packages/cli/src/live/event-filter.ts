import type { TailSource } from '@frontdesk/bus'
import { catalogue } from '@frontdesk/contracts'
import { providerName } from '../arguments.ts'
import { UsageError } from '../errors.ts'
import type { LiveEvent } from './live-event.ts'

/** Which events one wants to see; what is left out matches all. */
export interface EventFilter {
  readonly companyId?: string | undefined
  /** Patterns of `<entity>.<verb>`, such as `call.*`, with commas between; whole types too. */
  readonly types?: string | undefined
  readonly provider?: string | undefined
  /** Whether what went to no company is wanted. */
  readonly quarantine: boolean
  /** Whether refills and replays are wanted. */
  readonly bulk: boolean
}

/** What to ask of the broker, and what to look at of what it gives. */
export interface FilteredSources {
  readonly sources: readonly TailSource[]
  readonly wants: (event: LiveEvent) => boolean
}

/** @throws UsageError if a pattern or a provider is none. */
export function sourcesOf({ companyId, types, provider, quarantine, bulk }: EventFilter): FilteredSources {
  providerName(provider)
  const patterns = types?.split(',').map(typePattern) ?? []
  const [only] = patterns
  // Filters may not overlap, so that of several patterns the broker gives everything.
  const entityAndVerb = patterns.length === 1 && only ? only.subject : '>'
  const lanes = (subject: string) => (bulk ? [subject, `bulk.${subject}`] : [subject])
  const sources: TailSource[] = [{ stream: 'COMPANY', subjects: lanes(`company.${companyId ?? '*'}.${entityAndVerb}`) }]
  // What has no company can't be that company's.
  if (quarantine && companyId === undefined) sources.push({ stream: 'QUARANTINE', subjects: lanes(`quarantine.${provider ?? '*'}.*`) })
  return {
    sources,
    wants: (event) =>
      (provider === undefined || event.provider === provider) &&
      (patterns.length === 0 || patterns.some(({ matches }) => matches(event.envelope.type) || matches(event.quarantined?.type ?? ''))),
  }
}

interface TypePattern {
  /** The tokens of a subject that all it matches has. */
  readonly subject: string
  readonly matches: (type: string) => boolean
}

function typePattern(given: string): TypePattern {
  const pattern = given.trim().replace(/^frontdesk\.(.+)\.v\d+$/, '$1')
  const [, entity, verb = '*'] = /^([a-z0-9_*]{1,40})(?:\.([a-z0-9_*]{1,40}))?$/.exec(pattern) ?? []
  if (entity === undefined) throw new UsageError(`--type takes patterns such as call.* or appointment.confirmed, not "${given}".`)
  const expression = new RegExp(`^frontdesk\\.${inRegExp(entity)}\\.${inRegExp(verb)}\\.v\\d+$`)
  if (!Object.keys(catalogue).some((type) => expression.test(type))) throw new UsageError(`--type: no event type is like "${given}".`)
  return { subject: [entity, verb].map(inSubject).join('.'), matches: (type) => expression.test(type) }
}

function inRegExp(token: string): string {
  return token.replaceAll(/\*+/g, '[a-z0-9_]*')
}

/** Of a subject's token the broker knows only a whole one or any. */
function inSubject(token: string): string {
  return token.includes('*') ? '*' : token
}
