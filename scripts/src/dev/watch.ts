import { setTimeout as wait } from 'node:timers/promises'
import { OperationsServiceDefinition } from '@frontdesk/contracts'
import { createRpcClient, fixedToken, type RpcClient } from '@frontdesk/rpc'
import { createTelemetry } from '@frontdesk/telemetry'
import { eventServiceNames } from '../stack/manifest.ts'
import type { ServiceProcess } from '../stack/service-process.ts'
import type { Stack } from '../stack/stack.ts'
import { printLine } from './output.ts'

const intervalMs = 1_000

/** Shows a live table of what each service counts until told to stop; without a terminal, a service's line whenever it changes. */
export async function watchStack({ manifest, services }: Pick<Stack, 'manifest' | 'services'>, stopped: AbortSignal): Promise<void> {
  await using clients = new AsyncDisposableStack()
  const telemetry = clients.use(createTelemetry({ service: 'dev', logLevel: 'silent' }))
  const operations = eventServiceNames.map((name) => {
    const options = { address: manifest.rpc[name], audience: name, issuer: fixedToken(manifest.operatorToken), telemetry }
    return { name, client: clients.use(createRpcClient(OperationsServiceDefinition, options)) }
  })

  let shown: readonly string[] = []
  while (!stopped.aborted) {
    const told = await Promise.all(operations.map(({ name, client }) => describe(services.get(name), client)))
    const lines = told.map((text, index) => `  ${eventServiceNames[index]?.padEnd(18)} ${text}`)
    if (!stopped.aborted) show(lines, shown)
    shown = lines
    await wait(intervalMs, undefined, { signal: stopped }).catch(() => undefined)
  }
}

function show(lines: readonly string[], shown: readonly string[]): void {
  const changed = lines.filter((line, index) => line !== shown[index])
  if (changed.length === 0) return
  if (!process.stdout.isTTY) {
    printLine(changed.join('\n'))
    return
  }
  if (shown.length > 0) process.stdout.write(`\u001b[${shown.length}A\u001b[J`)
  // A line that the terminal wraps would count as two.
  printLine(lines.map((line) => line.slice(0, process.stdout.columns || Infinity)).join('\n'))
}

async function describe(service: ServiceProcess | undefined, client: RpcClient<typeof OperationsServiceDefinition>): Promise<string> {
  if (service?.endedBy !== undefined) return `ended by itself (${service.endedBy}): see ${service.logFile}`
  try {
    const { counts, unpublished } = await client.getConservation({})
    const told = Object.entries(counts).map(([what, count]) => `${what} ${count}`)
    return [...told, `unpublished ${unpublished}`].join('  ')
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
