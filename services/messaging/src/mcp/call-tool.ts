import { toFrontdeskError, type FrontdeskError } from '@frontdesk/errors'
import type { Caller } from '@frontdesk/rpc'
import { activeTraceId, withSpan, type Telemetry } from '@frontdesk/telemetry'
import type { CallToolResult } from '@modelcontextprotocol/server'
import { companyOfCall } from './company-of-call.ts'
import type { Desk, OpenDesk } from './ports.ts'

/** What a tool answers: for programs, and the same for a model to read. */
export interface Answer {
  readonly structured: Record<string, unknown>
  readonly text: string
}

/** Runs one tool call on the desk of its company. */
export type CallTool = (tool: string, companyId: string | undefined, work: (desk: Desk) => Promise<Answer>) => Promise<CallToolResult>

/** The calls of one caller: company, span, time, one log line, and every failure as a tool error that leaks nothing. */
export function createCallTool({ desks, telemetry }: { desks: OpenDesk; telemetry: Telemetry }, caller: Caller): CallTool {
  const seconds = telemetry.metrics.histogram('mcp_tool_call_seconds', 'Tool calls by tool and code.', ['tool', 'code'])

  return async (tool, companyId, work) => {
    const startedAt = performance.now()
    let code = 'ok'
    let failure: FrontdeskError | undefined
    try {
      const { structured, text } = await withSpan(`mcp ${tool}`, {}, () => work(desks(companyOfCall(caller, companyId))))
      return { content: [{ type: 'text', text }], structuredContent: structured }
    } catch (error) {
      failure = toFrontdeskError(error)
      code = failure.code
      return { isError: true, content: [{ type: 'text', text: told(failure) }] }
    } finally {
      const elapsed = performance.now() - startedAt
      seconds.observe({ tool, code }, elapsed / 1_000)
      const fields = { tool, code, companyId, caller: caller.caller, actor: caller.actor, ms: Math.round(elapsed) }
      if (code === 'internal') telemetry.logger.error({ ...fields, err: failure }, 'tool call failed')
      else telemetry.logger.info({ ...fields, err: failure }, 'tool call')
    }
  }
}

/** One sentence for whatever is not there and for whatever is another company's. */
const nothingThere = 'There is nothing of that id: check company_id and conversation_id against list_conversations.'

function told(error: FrontdeskError): string {
  if (error.code === 'not_found' || error.code === 'permission_denied') return `not_found: ${nothingThere}`
  const trace = error.code === 'internal' ? activeTraceId() : undefined
  return `${error.code}: ${error.publicMessage}${trace === undefined ? '' : ` (trace ${trace})`}`
}
