import type { CompanyId } from '@frontdesk/contracts'
import type { CompanyEvent } from '@frontdesk/outbox/testing'
import type { ProviderSandbox } from '@frontdesk/testing'
import { statusChanged } from './events.ts'

interface MetaWebhook {
  readonly entry: readonly {
    readonly changes: readonly { readonly value: { readonly statuses?: readonly MetaStatus[] } }[]
  }[]
}

interface MetaStatus {
  readonly id: string
  readonly status: 'sent' | 'delivered' | 'read' | 'failed'
  readonly biz_opaque_callback_data?: string
  readonly errors?: readonly { readonly code: number; readonly title: string }[]
}

/** The statuses that the sandbox held back, as the ingress would tell the company of them. */
export async function heldStatuses(sandbox: ProviderSandbox, companyId: CompanyId): Promise<CompanyEvent[]> {
  const webhooks = await sandbox.control.takeHeldWebhooks()
  return webhooks.flatMap(({ body }) =>
    (JSON.parse(body) as MetaWebhook).entry.flatMap(({ changes }) =>
      changes.flatMap(({ value }) =>
        (value.statuses ?? []).map(({ id, status, biz_opaque_callback_data: reference = '', errors = [] }) =>
          statusChanged(companyId, id, status.toUpperCase() as 'SENT', {
            reference,
            ...(errors[0] && { failure: { code: errors[0].code, title: errors[0].title } }),
          }),
        ),
      ),
    ),
  )
}
