import { startProviderSandbox } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { startIngress, stripeClient } from './harness.ts'

test('as a process it is ready when its APIs answer, and its control client reaches all of it', async () => {
  await using ingress = await startIngress()
  await using sandbox = await startProviderSandbox({ ingressUrl: ingress.url, secrets: { stripeApiKey: 'sk_test_process' } })
  const { control } = sandbox
  const stripe = stripeClient(sandbox.stripeUrl, { key: 'sk_test_process' })
  await control.stripe.putPrice({ id: 'price_starter', currency: 'eur', unitAmount: 4_900 })
  const customer = await stripe.customers.create({ name: 'Ada' })
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: 'price_starter' }] })
  const { invoice, subscription } = await control.stripe.renew(id, 'open')
  expect(subscription.latest_invoice).toBe(invoice?.id)
  expect(await control.stripe.invoice(invoice?.id ?? '', 'pay')).toMatchObject({ status: 'paid' })
  const state = await control.stripe.state()
  expect(state.subscriptions.map(({ status }) => status)).toEqual(['active'])

  await control.setWebhooks('held')
  await control.whatsapp.putAccount({ phoneNumberId: '1', businessAccountId: '2' })
  await control.whatsapp.putTemplate({ name: 'reminder', language: 'en', parameterCount: 0 })
  await control.whatsapp.setAutomaticStatuses(['sent'])
  await control.whatsapp.inbound({ phoneNumberId: '1', businessAccountId: '2', from: '16505551234', text: 'hi' })
  const sent = await fetch(`${sandbox.whatsappUrl}/v26.0/1/messages`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.secrets.whatsappAccessToken}` },
    body: JSON.stringify({ messaging_product: 'whatsapp', to: '16505551234', type: 'text', text: { body: 'hello' } }),
  })
  expect(sent.status).toBe(200)
  const [message] = await control.whatsapp.messages()
  await control.whatsapp.report(message?.id ?? '', 'read')
  await control.whatsapp.fail(message?.id ?? '', 131_026)
  expect(await control.whatsapp.messages()).toMatchObject([{ to: '16505551234', statuses: ['sent', 'read', 'failed'] }])
  expect(await control.takeHeldWebhooks()).toHaveLength(4)

  await control.addFault({ provider: 'stripe', kind: 'error_before' })
  await expect(stripe.customers.list()).rejects.toMatchObject({ statusCode: 500 })
  await control.clearFaults()
  await stripe.customers.list()
  expect(await control.requests({ provider: 'stripe', limit: 1 })).toMatchObject([{ method: 'GET', path: '/v1/customers', status: 200 }])
  await control.reset()
  expect(await control.requests()).toEqual([])
  await expect(control.stripe.renew(id)).rejects.toThrow('404')
})
