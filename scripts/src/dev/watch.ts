import { setTimeout as wait } from 'node:timers/promises'
import { OperationsServiceDefinition } from '@frontdesk/contracts'
import { createRpcClient, fixedToken, type RpcClient } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { type Manifest, type ServiceName, serviceNames } from '../stack/manifest.ts'
import { printLine } from './output.ts'

const intervalMs = 1_000

/** Shows a live table of what each service counts until told to stop; without a terminal, a line whenever it changes. */
export async function watchStack(manifest: Manifest, stopped: Promise<void>): Promise<void> {
  await using clients = new AsyncDisposableStack()
  const telemetry = clients.use(createTelemetry({ service: 'dev', logLevel: 'silent' }))
  const operations = serviceNames.map((name) => {
    const options = { address: manifest.rpc[name], audience: name, issuer: fixedToken(manifest.operatorToken), telemetry }
    return { name, client: clients.use(createRpcClient(OperationsServiceDefinition, options)) }
  })

  const ended = new AbortController()
  void stopped.then(() => ended.abort())
  let shown = ''
  while (!ended.signal.aborted) {
    const lines = await Promise.all(operations.map(({ name, client }) => describe(name, client)))
    const text = lines.join('\n')
    if (text !== shown) {
      if (process.stdout.isTTY && shown !== '') process.stdout.write(`\u001b[${lines.length}A\u001b[J`)
      printLine(text)
      shown = text
    }
    await wait(intervalMs, undefined, { signal: ended.signal }).catch(() => undefined)
  }
}

async function describe(name: ServiceName, client: RpcClient<typeof OperationsServiceDefinition>): Promise<string> {
  try {
    const { counts, unpublished } = await client.getConservation({})
    const told = Object.entries(counts).map(([what, count]) => `${what} ${count}`)
    return `  ${name.padEnd(18)} ${[...told, `unpublished ${unpublished}`].join('  ')}`
  } catch (error) {
    return `  ${name.padEnd(18)} ${error instanceof Error ? error.message : String(error)}`
  }
}
