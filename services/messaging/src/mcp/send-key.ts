import { deriveEventId } from '@frontdesk/contracts'
import type { Caller } from '@frontdesk/rpc'

/**
 * The idempotency key of a send: the caller's own, or else derived from what is to be sent to whom, so that a model
 * that tries again sends nothing twice. One person's keys and texts are not another's.
 */
export function sendKey(caller: Caller, given: string | undefined, content: readonly string[]): string {
  const principal = caller.actor ?? caller.caller
  const parts = given === undefined ? ['content', ...content] : ['key', given]
  return `mcp:${deriveEventId(['frontdesk/messaging/mcp', principal, ...parts])}`
}
