import { setTimeout as wait } from 'node:timers/promises'
import { inputRequired, type CallToolResult, type McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=='
const wav = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA='

const text = (said: string) => ({ type: 'text' as const, text: said })
const image = { type: 'image' as const, data: png, mimeType: 'image/png' }
const resource = (uri: string, mimeType: string, said: string) => ({ type: 'resource' as const, resource: { uri, mimeType, text: said } })

/** The tools that the conformance suite calls by these names, on the server and behind the routes that serve ours. */
export function withConformanceTools(server: McpServer): McpServer {
  const fixed: Record<string, CallToolResult['content']> = {
    test_simple_text: [text('This is a simple text response for testing.')],
    test_image_content: [image],
    test_audio_content: [{ type: 'audio', data: wav, mimeType: 'audio/wav' }],
    test_embedded_resource: [resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
    test_multiple_content_types: [
      text('Multiple content types test:'),
      image,
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
    test_logging_tool: [text('Nothing is logged to clients.')],
  }
  for (const [name, content] of Object.entries(fixed)) server.registerTool(name, {}, () => ({ content }))

  server.registerTool('test_error_handling', {}, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
  server.registerTool('test_tool_with_progress', {}, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } })
      await wait(20)
    }
    return { content: [text('done')] }
  })
  const question = { messages: [{ role: 'user' as const, content: text('Hello?') }], maxTokens: 10 }
  server.registerTool('test_missing_capability', {}, () =>
    inputRequired({ inputRequests: { answer: inputRequired.createMessage(question) } }),
  )
  server.registerTool('test_streaming_elicitation', {}, () =>
    inputRequired({
      inputRequests: { name: inputRequired.elicit({ message: 'Your name?', requestedSchema: z.object({ name: z.string() }) }) },
    }),
  )
  return server
}
