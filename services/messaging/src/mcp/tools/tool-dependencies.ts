import type { Caller } from '@frontdesk/rpc'
import type { CallTool } from '../call-tool.ts'

export interface ToolDependencies {
  readonly call: CallTool
  readonly caller: Caller
  readonly now: () => Date
}
