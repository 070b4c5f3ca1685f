import { Attribution, EvidenceKind, QuarantineReason, type LedgerEvent, VerifyingSecret } from '@frontdesk/contracts'

export const eventId = 'ab'.repeat(32)
export const [acme, zenith] = ['cmp_01k0000000000000000000acme', 'cmp_01k00000000000000000zenith']
export const at = new Date('2026-11-22T10:00:00Z')
export const event: LedgerEvent = {
  eventId,
  deliveryId: 'dlv_1',
  provider: 'retell',
  connectionId: '',
  eventType: 'frontdesk.call.ended.v1',
  entityId: 'call_1',
  receivedAt: at,
  revision: 1,
  verifiedBy: VerifyingSecret.CURRENT,
}
export const attributed = Attribution.fromPartial({
  eventId,
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  source: { provider: 'retell', providerEventType: 'call_ended', entityType: 'call', entityId: 'call_1', deliveryId: 'dlv_1' },
  decision: { $case: 'attributed', value: { companyId: acme, confidence: 0.99995 } },
  waterfall: [
    {
      evidence: { kind: EvidenceKind.PHONE_NUMBER, value: '+4930123456' },
      companyIds: [acme, zenith],
      weight: 4.5,
      running: [
        { companyId: acme, posterior: 0.49 },
        { companyId: zenith, posterior: 0.49 },
      ],
    },
    {
      evidence: { kind: EvidenceKind.VOICE_AGENT, value: 'agent_1' },
      companyIds: [acme],
      weight: 9,
      running: [
        { companyId: acme, posterior: 0.99995 },
        { companyId: zenith, posterior: 0.00004 },
      ],
    },
    {
      evidence: { kind: EvidenceKind.TEAM, value: 'team_1' },
      companyIds: [],
      weight: -0.25,
      running: [
        { companyId: acme, posterior: 0.99995 },
        { companyId: zenith, posterior: 0.00004 },
      ],
    },
  ],
  candidates: [
    { companyId: acme, posterior: 0.99995 },
    { companyId: zenith, posterior: 0.00004 },
  ],
  nonePosterior: 0.00001,
  modelVersion: 'm1',
  directoryVersion: 7n,
  asOf: at,
  decidedAt: at,
})
export const quarantined = Attribution.fromPartial({
  eventId,
  revision: 1,
  eventType: 'frontdesk.call.ended.v1',
  decision: { $case: 'quarantined', value: { reason: QuarantineReason.SCHEMA_DRIFT, details: ['call.id: expected string'] } },
  decidedAt: at,
})
