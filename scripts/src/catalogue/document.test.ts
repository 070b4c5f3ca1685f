import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DiagnosticSeverity, Parser } from '@asyncapi/parser'
import { bulkSubject, catalogue } from '@frontdesk/contracts'
import { expect, test } from 'vitest'

const yaml = await readFile(join(import.meta.dirname, '../../../packages/contracts/asyncapi/asyncapi.yaml'), 'utf8')

async function parse(text: string) {
  const { document, diagnostics } = await new Parser().parse(text)
  const errors = diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Error)
  return { document, problems: errors.map(({ message }) => message) }
}

function laneOf(address: string): 'live' | 'bulk' {
  return address.startsWith('bulk.') ? 'bulk' : 'live'
}

test('the document is AsyncAPI 3, and lists each event of the catalogue with its headers, its payload and both its lanes', async () => {
  const { document, problems } = await parse(yaml)
  expect(problems).toEqual([])
  expect(document?.version()).toBe('3.0.0')
  const messages = document?.components().messages().all() ?? []
  expect(messages.map((message) => message.name()).toSorted()).toEqual(Object.keys(catalogue).toSorted())
  for (const message of messages) {
    expect(message.payload()?.type(), message.name()).toBe('object')
    expect(Object.keys(message.headers()?.properties() ?? {})).toContain('ce-id')
    const channels = document
      ?.channels()
      .all()
      .filter((channel) => channel.messages().get(message.name() ?? ''))
    const { bulk = [], live = [] } = Object.groupBy(channels?.map((channel) => channel.address() ?? '') ?? [], laneOf)
    expect(live.length, message.name()).toBeGreaterThanOrEqual(1)
    expect(bulk).toEqual(live.map(bulkSubject))
  }
})

test('who publishes an event and who consumes it stand beside it', async () => {
  const { document } = await parse(yaml)
  const operations = (document?.operations().all() ?? []).map((operation) => operation.id())
  expect(operations).toEqual(
    expect.arrayContaining([
      'webhook-ingress.publishes.ingress.call.ended',
      'company-resolver.consumes.ingress.call.ended',
      'company-resolver.publishes.company.call.ended',
      'billing.consumes.company.call.ended',
      // Of one provider alone.
      'billing.consumes.bulk.ingress.meter.failed',
      'booking.publishes.bulk.company.appointment.confirmed',
      'company-resolver.publishes.quarantine',
    ]),
  )
  expect(operations).not.toContain('booking.consumes.company.call.started')
})

test('a reference that leads nowhere is an error', async () => {
  const { problems } = await parse(yaml.replace('#/components/schemas/CallEnded', '#/components/schemas/CallEnd'))
  expect(problems.join()).toContain('CallEnd')
})
