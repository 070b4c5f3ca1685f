import type { DemoCompany, Manifest } from '../../stack/manifest.ts'
import { createSandboxControl } from '@frontdesk/testing'
import { until } from '../follow.ts'
import type { EventStep } from './step.ts'

/** An invoice of a subscription is paid: Stripe tells us, and billing mirrors what it then fetches. */
export function invoicePaidStep(manifest: Manifest, company: DemoCompany): EventStep {
  let invoiceId = ''
  return {
    name: 'stripe invoice.paid',
    async begin(outside) {
      const { account } = await outside.billing.getAccount({ companyId: company.id })
      const { stripe } = createSandboxControl(manifest.sandbox.controlUrl)
      invoiceId = (await stripe.bill(account?.subscription?.subscriptionId ?? '', 'paid')).id
      return { entityId: invoiceId, eventType: 'frontdesk.invoice.changed.v1' }
    },
    expect: {
      kind: 'attributed',
      company,
      async effects(outside) {
        await until('its mirror', async () =>
          (await outside.billing.listInvoices({ companyId: company.id })).invoices.find(
            (found) => found.invoiceId === invoiceId && found.status === 'paid',
          ),
        )
        return [{ text: `invoice ${invoiceId} mirrored as paid`, ids: { invoiceId } }]
      },
    },
  }
}
