import type { Manifest } from '../../stack/manifest.ts'
import { sendWebhook, type SignedWebhook } from '../webhooks.ts'
import type { EventStep, Expectation } from './step.ts'

/** A step whose webhook the demonstration signs and sends itself. */
export function webhookStep(
  manifest: Manifest,
  step: {
    readonly name: string
    readonly webhook: SignedWebhook
    readonly entityId: string
    readonly eventType: string
    readonly expect: Expectation
  },
): EventStep {
  const { name, webhook, entityId, eventType, expect } = step
  return { name, expect, begin: async () => ({ entityId, eventType, answer: await sendWebhook(manifest, webhook) }) }
}
