import { leaf, type Leaf } from '../command.ts'
import type { CliContext } from '../context.ts'
import { UsageError } from '../errors.ts'
import { bridge } from '../mcp/bridge.ts'
import { createRenewedToken } from '../mcp/renewed-token.ts'
import { exchange, rpcArgs } from '../rpc.ts'
import { findMcpUrl, findToken } from '../targets.ts'

/** Serves messaging's MCP tools on stdin and stdout. */
export function mcp(context: CliContext): Leaf {
  return leaf(
    'Serve messaging’s MCP tools on stdin and stdout, in the name of who is logged in. An MCP client starts this as its server.',
    {
      url: { type: 'string', description: 'Where messaging serves MCP, such as https://…/mcp', valueHint: 'url' },
      token: rpcArgs.token,
    },
    async ({ args }) => {
      const { value, from } = await findMcpUrl(context, args.url)
      const url = URL.canParse(value) ? new URL(value) : undefined
      if (url?.protocol !== 'http:' && url?.protocol !== 'https:') throw new UsageError(`"${value}" (from ${from}) is no http URL.`)
      const token = createRenewedToken(async () => {
        const found = await findToken(context, args.token, (session) => exchange(session, 'messaging'))
        return found.value
      })
      // So that a missing login is told before a client waits for answers.
      await token.current()
      await bridge({ ...context.pipes, url, token, onFailure: (said) => context.err(`error: ${said}`) })
    },
  )
}
