import type { JsonSchema } from './json-schema.ts'

const eventIdWithRevision = '^[0-9a-f]{64}(\\.[1-9]\\d{0,8})?$'

/** The headers of every event: CloudEvents 1.0 in binary mode, W3C Trace Context, and the broker's message id. */
export const eventHeaders = {
  type: 'object',
  description:
    'CloudEvents 1.0, binary mode. Text is percent-encoded as the NATS binding wants it. A header that is there twice makes a message invalid.',
  required: [
    'ce-specversion',
    'ce-id',
    'ce-revision',
    'ce-type',
    'ce-source',
    'ce-subject',
    'ce-time',
    'ce-datacontenttype',
    'ce-correlationid',
    'Nats-Msg-Id',
  ],
  properties: {
    'ce-specversion': { type: 'string', const: '1.0' },
    'ce-id': {
      type: 'string',
      pattern: eventIdWithRevision,
      description: 'The event id, the same for ever, however often it is sent; from revision 2 on with `.<revision>` behind it.',
    },
    'ce-revision': {
      type: 'string',
      pattern: '^[1-9]\\d{0,8}$',
      description: '1 at first. A raised one amends what an earlier one did, and is to be handled once, too.',
    },
    'ce-type': { type: 'string', pattern: '^frontdesk\\.[a-z][a-z0-9_]*\\.[a-z][a-z0-9_]*\\.v[1-9]\\d*$' },
    'ce-source': { type: 'string', description: 'Who published it: `frontdesk/<service>`.' },
    'ce-subject': { type: 'string', description: 'The id of the entity that the event is about.' },
    'ce-time': { type: 'string', format: 'date-time', description: 'When it happened, in UTC, to the millisecond.' },
    'ce-datacontenttype': { type: 'string', const: 'application/json' },
    'ce-companyid': {
      type: 'string',
      pattern: '^cmp_[0-7][0-9a-hjkmnp-tv-z]{25}$',
      description: 'The company, the same as in the subject; absent before the attribution.',
    },
    'ce-confidence': {
      type: 'string',
      description: 'How sure the attribution to the company is, 0 to 1; absent where nothing was attributed.',
    },
    'ce-correlationid': { type: 'string', description: 'The same for all that one webhook led to.' },
    'ce-causationid': { type: 'string', description: 'The `ce-id` of the event that this one follows from.' },
    'Nats-Msg-Id': {
      type: 'string',
      description: 'The `ce-id`, `:`, and the stage: what the broker deduplicates by, for two minutes. Deduplicate by ce-id yourself.',
    },
    traceparent: { type: 'string', pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
    tracestate: { type: 'string' },
  },
} as const satisfies JsonSchema
