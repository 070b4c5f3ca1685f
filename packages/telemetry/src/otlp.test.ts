import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { freePort } from '@frontdesk/testing'
import { expect, test } from 'vitest'
import { withSpan } from './spans.ts'
import { createTelemetry } from './telemetry.ts'

async function collector() {
  const requests: { url: string | undefined; contentType: string | undefined; body: Buffer }[] = []
  const server = createServer((request, response) => {
    const { url, headers } = request
    void keep()
    async function keep(): Promise<void> {
      requests.push({ url, contentType: headers['content-type'], body: await buffer(request) })
      response.end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

test('the spans left at the end reach the collector before disposing is done', async () => {
  await using sink = await collector()
  const telemetry = createTelemetry({ service: 'booking', otlpEndpoint: `${sink.url}/`, sampleRatio: 1, destination: { write: () => {} } })
  await withSpan('book appointment', {}, async () => {})
  await telemetry[Symbol.asyncDispose]()
  expect(sink.requests).toMatchObject([{ url: '/v1/traces', contentType: 'application/x-protobuf' }])
  const body = sink.requests[0]?.body.toString('latin1')
  expect(body).toContain('book appointment')
  expect(body).toContain('booking')
})

test('a sample ratio of 0 records nothing that begins here', async () => {
  await using sink = await collector()
  const telemetry = createTelemetry({ service: 'a', otlpEndpoint: sink.url, sampleRatio: 0, destination: { write: () => {} } })
  await withSpan('quiet', {}, async (span) => expect(span.isRecording()).toBe(false))
  await telemetry[Symbol.asyncDispose]()
  expect(sink.requests).toHaveLength(0)
})

test('a collector that is away is logged and holds nothing up', async () => {
  const lines: string[] = []
  const otlpEndpoint = `http://127.0.0.1:${await freePort()}/v1/traces`
  const telemetry = createTelemetry({ service: 'a', otlpEndpoint, sampleRatio: 1, destination: { write: (line) => void lines.push(line) } })
  await withSpan('lost', {}, async () => {})
  const startedAt = performance.now()
  await telemetry[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  expect(lines.join('')).toMatch(/tracing has a problem|the last spans could not be sent/)
})
