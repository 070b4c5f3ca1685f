import { companySubject, deriveEventId, ingressSubject, vouchForCompanyId } from '@frontdesk/contracts'
import type { OutgoingMessage } from './messages.ts'

/** A company of the tests. */
export const company = vouchForCompanyId('cmp_01h455vb4pex5vsknk084sn02q')

/** A message of the tests: the same seed gives the same event. */
export function testMessage(
  seed: string | number,
  overrides: Partial<OutgoingMessage> & { companyId?: typeof company } = {},
): OutgoingMessage {
  const type = 'frontdesk.call.ended.v1'
  const { companyId, ...rest } = overrides
  return {
    envelope: {
      id: deriveEventId(['test', String(seed)]),
      revision: 1,
      type,
      source: 'frontdesk/test',
      subject: `call_${seed}`,
      time: new Date('2026-11-22T10:00:00.000Z'),
      correlationId: `cor_${seed}`,
      ...(companyId !== undefined && { companyId }),
    },
    subject: companyId === undefined ? ingressSubject('retell', type) : companySubject(companyId, type),
    body: Buffer.from(JSON.stringify({ seed, padding: 'x'.repeat(1_400) })),
    ...rest,
  }
}
