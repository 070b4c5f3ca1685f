import type { Readable, Writable } from 'node:stream'
import {
  isInitializeRequest,
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { errorFor } from './answers.ts'
import type { RenewedToken } from './renewed-token.ts'

/** The two sides of a bridge. */
export interface BridgeOptions {
  readonly input: Readable
  readonly output: Writable
  readonly url: URL
  readonly token: RenewedToken
  /** Told of each failure; the client is answered with it too where it waits for an answer. */
  readonly onFailure: (said: string) => void
}

/** How long a client that has closed its end still gets answers. */
const answersWithinMs = 10_000

/** Passes JSON-RPC messages between a client's pipes and a server's URL until the client closes its end and has its answers. */
export async function bridge({ input, output, url, token, onFailure }: BridgeOptions): Promise<void> {
  const client = new StdioServerTransport(input, output)
  const server = new StreamableHTTPClientTransport(url, {
    authProvider: { token: () => token.current(), onUnauthorized: () => token.renew() },
  })
  const waiting = new Map<RequestId, { readonly isHandshake: boolean; readonly cancel: AbortController }>()
  const done = Promise.withResolvers<void>()
  let clientHasLeft = false

  /** Straight to the pipe: the SDK's transport writes nothing more once the client has closed its own end. */
  function say(message: JSONRPCMessage): void {
    output.write(`${JSON.stringify(message)}\n`)
  }

  /** Once for each request: what comes for one that was cancelled or answered is dropped. */
  function answer(id: RequestId, message: JSONRPCMessage): void {
    if (!waiting.delete(id)) return
    say(message)
    endOnceAnswered()
  }

  function endOnceAnswered(): void {
    if (clientHasLeft && waiting.size === 0) done.resolve()
  }

  function leave(): void {
    clientHasLeft = true
    endOnceAnswered()
    setTimeout(() => done.resolve(), answersWithinMs).unref()
  }

  function fail(id: RequestId | undefined, error: unknown): void {
    const response = errorFor(id, error, url)
    onFailure(response.error.message)
    if (id !== undefined) answer(id, response)
  }

  function send(message: JSONRPCMessage): void {
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') return cancel(message.params?.['requestId'])
    const id = isJSONRPCRequest(message) ? message.id : undefined
    const cancelling = new AbortController()
    if (id !== undefined) waiting.set(id, { isHandshake: isInitializeRequest(message), cancel: cancelling })
    const onRequestStreamEnd = () => {
      if (id !== undefined && waiting.has(id)) fail(id, new Error('the answer broke off'))
    }
    server.send(message, { requestSignal: cancelling.signal, onRequestStreamEnd }).catch((error: unknown) => {
      if (!cancelling.signal.aborted) fail(id, error)
    })
  }

  /** Over HTTP a request is cancelled by going away from it. */
  function cancel(id: unknown): void {
    if (typeof id !== 'string' && typeof id !== 'number') return
    const request = waiting.get(id)
    waiting.delete(id)
    request?.cancel.abort()
  }

  function receive(message: JSONRPCMessage): void {
    const id = isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message) ? message.id : undefined
    if (id === undefined) return say(message)
    if (isJSONRPCResultResponse(message) && waiting.get(id)?.isHandshake) {
      const version = message.result['protocolVersion']
      if (typeof version === 'string') server.setProtocolVersion(version)
    }
    answer(id, message)
  }

  listen(server, { onmessage: receive })
  listen(client, { onmessage: send, onerror: (error) => onFailure(error.message), onclose: leave })
  await server.start()
  await client.start()
  try {
    await done.promise
  } finally {
    for (const id of waiting.keys()) cancel(id)
    await server.close()
    await client.close()
  }
}

/** The SDK's transports take one listener of each kind, as a property. */
function listen(transport: Transport, listeners: Pick<Transport, 'onmessage' | 'onerror' | 'onclose'>): void {
  Object.assign(transport, listeners)
}
