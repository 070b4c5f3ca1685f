import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** One call as WhatsApp would get it. */
export interface ProviderCall {
  readonly path: string
  readonly authorization: string
  readonly body: Record<string, unknown> & { readonly biz_opaque_callback_data: string }
}

/** How one call is answered. */
export type Script =
  | { readonly kind: 'take' }
  | { readonly kind: 'slow'; readonly afterMs: number }
  | { readonly kind: 'answer'; readonly status: number; readonly body: unknown; readonly headers?: Record<string, string> }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' }

/** A provider whose next answers a test scripts; whatever is not scripted is taken. */
export async function startScriptedProvider() {
  const calls: ProviderCall[] = []
  const scripts: Script[] = []
  const waiting = new Set<ServerResponse>()

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString()) as ProviderCall['body']
    calls.push({ path: request.url ?? '', authorization: request.headers.authorization ?? '', body })
    const script = scripts.shift() ?? { kind: 'take' }
    switch (script.kind) {
      case 'slow':
      case 'take':
        if (script.kind === 'slow') await wait(script.afterMs)
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(
          JSON.stringify({ messaging_product: 'whatsapp', messages: [{ id: wamidOf(body.biz_opaque_callback_data, calls.length) }] }),
        )
        return
      case 'answer':
        response.writeHead(script.status, { 'content-type': 'application/json', ...script.headers })
        response.end(typeof script.body === 'string' ? script.body : JSON.stringify(script.body))
        return
      case 'reset':
        request.socket.destroy()
        return
      case 'hang':
        waiting.add(response)
    }
  }

  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    script: (...next: Script[]) => void scripts.push(...next),
    callsOf: (messageId: string) => calls.filter(({ body }) => body.biz_opaque_callback_data === messageId),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type ScriptedProvider = Awaited<ReturnType<typeof startScriptedProvider>>

/** Meta's error answer. */
export function metaError(status: number, code: number, message = 'refused'): Script {
  return {
    kind: 'answer',
    status,
    body: { error: { message, type: 'OAuthException', code, error_data: { details: `${message} in detail` } } },
  }
}

function wamidOf(reference: string, call: number): string {
  return `wamid.${reference}.${call}`
}
