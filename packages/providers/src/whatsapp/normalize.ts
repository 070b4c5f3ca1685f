import { EvidenceKind } from '@frontdesk/contracts'
import { collectEvidence } from '../evidence.ts'
import { memberOf, parseJson } from '../json.ts'
import { type Facts, normalizedEvent } from '../normalized-event.ts'
import type { Delivery, NormalizedEvent } from '../provider.ts'
import { epochSeconds, kindName, readAs } from '../schema.ts'
import { createContentKeys } from './content-key.ts'
import { createModels } from './models.ts'
import { type Part, partsOf } from './parts.ts'
import { epochText, metaKey, templateId } from './schema.ts'

/** Twice what Meta puts into one request at most; it is what one commit has to take within its time. */
export const eventsMax = 2_000

/** The events that a webhook of Meta tells of, one for each message, status and other change, in their order. */
export function normalizeWhatsapp(rawBody: Buffer, delivery: Delivery): NormalizedEvent[] {
  const json = parseJson(rawBody)
  const parts: Part[] = []
  for (const part of partsOf(json)) if (parts.push(part) > eventsMax) return [tooMany(rawBody, json, delivery)]
  const modelOf = createModels()
  const contentKey = createContentKeys(rawBody)
  return parts.map((part) =>
    normalizedEvent('whatsapp', {
      rawBody,
      json: part.json,
      at: part.at,
      delivery,
      facts: factsOf(part, delivery, contentKey),
      model: modelOf(part),
    }),
  )
}

/** Kept whole for a person to look at, since to take some of its events and leave others is what nobody would notice. */
function tooMany(rawBody: Buffer, json: unknown, delivery: Delivery): NormalizedEvent {
  return normalizedEvent('whatsapp', {
    rawBody,
    json,
    delivery,
    facts: {
      kind: '',
      dedupeKey: undefined,
      entity: undefined,
      occurredAt: undefined,
      evidence: collectEvidence([[EvidenceKind.CONNECTION, delivery.connectionId]]),
    },
    model: () => ({ ok: false, violations: [`(body): expected at most ${eventsMax} messages, statuses and other changes`] }),
  })
}

function factsOf(part: Part, { connectionId }: Delivery, contentKey: (part: Part) => string[]): Facts {
  const { what, json, entry, change } = part
  const id = isListed(what) ? readAs(metaKey, memberOf(json, 'id')) : undefined
  const sentAt = readAs(epochText, memberOf(json, 'timestamp'))
  const status = readAs(kindName, memberOf(json, 'status'))
  return {
    kind: isListed(what) ? kinds[what] : (readAs(kindName, memberOf(change, 'field')) ?? ''),
    dedupeKey: keyOf(what, id, status) ?? contentKey(part),
    entity: id === undefined ? templateOf(change) : { type: 'message', id, startedAt: what === 'message' ? sentAt : undefined },
    occurredAt: what === 'other' ? readAs(epochSeconds, memberOf(entry, 'time')) : sentAt,
    // The display number is written for people; only the ids are Meta's own.
    evidence: collectEvidence([
      [EvidenceKind.CONNECTION, connectionId],
      [EvidenceKind.WHATSAPP_PHONE_NUMBER, memberOf(change, 'value', 'metadata', 'phone_number_id')],
      [EvidenceKind.WHATSAPP_ACCOUNT, memberOf(entry, 'id')],
    ]),
  }
}

function isListed(what: Part['what']): what is keyof typeof kinds {
  return Object.hasOwn(kinds, what)
}

function templateOf(change: unknown): Facts['entity'] {
  if (memberOf(change, 'field') !== 'message_template_status_update') return undefined
  const id = readAs(templateId, memberOf(change, 'value', 'message_template_id'))
  return id === undefined ? undefined : { type: 'template', id, startedAt: undefined }
}

/** A message and a status have no name of their own: these are the lists that they stand in. */
const kinds = { message: 'messages', status: 'statuses' } as const

function keyOf(what: Part['what'], id: string | undefined, status: string | undefined): string[] | undefined {
  if (id === undefined) return undefined
  if (what === 'message') return [id]
  return status === undefined ? undefined : [id, status]
}
