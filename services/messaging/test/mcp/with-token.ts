import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy on the loopback that adds a token, and passes on all else as it is, Host and Origin included. */
export async function startTokenProxy(url: string, token: () => Promise<string>) {
  const { hostname, port } = new URL(url)
  async function passOn(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const headers = { ...incoming.headers, authorization: `Bearer ${await token()}` }
    const passedOn = request({ hostname, port, path: incoming.url, method: incoming.method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    outgoing.on('close', () => passedOn.destroy())
    passedOn.on('error', () => outgoing.destroy())
    incoming.pipe(passedOn)
  }
  const proxy = createServer((incoming, outgoing) => void passOn(incoming, outgoing))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}
