import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Place } from './places.ts'

/** Takes the spans that services export, and adds each batch to the places. */
export async function startSpanCollector(places: Place[]): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    void keep()
    async function keep(): Promise<void> {
      places.push({ kind: 'spans', name: request.url ?? '', content: await buffer(request) })
      response.end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
