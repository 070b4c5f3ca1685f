import {
  isJSONRPCErrorResponse,
  type JSONRPCErrorResponse,
  parseJSONRPCMessage,
  type RequestId,
  SdkHttpError,
} from '@modelcontextprotocol/client'
import { CommandError, UsageError } from '../errors.ts'

/** JSON-RPC's first code for failures of a server's own. */
const failed = -32_000

/** A failure as the client's answer: the server's own if it gave one, else what happened and what to do next. */
export function errorFor(id: RequestId | undefined, error: unknown, url: URL): JSONRPCErrorResponse {
  return (
    serverSaid(id, error) ?? {
      jsonrpc: '2.0',
      ...(id !== undefined && { id }),
      error: { code: failed, message: whatToDo(error, url) },
    }
  )
}

function serverSaid(id: RequestId | undefined, error: unknown): JSONRPCErrorResponse | undefined {
  if (!(error instanceof SdkHttpError)) return undefined
  const said = parse(textOf(error))
  return isJSONRPCErrorResponse(said) && said.id === id ? said : undefined
}

function textOf({ data }: SdkHttpError): string {
  return typeof data.text === 'string' ? data.text : ''
}

function parse(text: string): unknown {
  try {
    return parseJSONRPCMessage(JSON.parse(text))
  } catch {
    return undefined
  }
}

function whatToDo(error: unknown, url: URL): string {
  if (error instanceof CommandError) return error.hint === undefined ? error.message : `${error.message} ${error.hint}`
  if (error instanceof UsageError) return error.message
  if (error instanceof SdkHttpError && error.status === 401) return 'messaging refuses the token. Run `frontdesk login` and try again.'
  if (error instanceof SdkHttpError) return `messaging answered ${error.status} at ${url.href}: ${textOf(error).slice(0, 500)}`
  const why = error instanceof Error ? error.message : String(error)
  return `messaging can not be reached at ${url.href} (${why}). Does it run?`
}
