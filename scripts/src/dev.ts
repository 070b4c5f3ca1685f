import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { mkdir, writeFile } from 'node:fs/promises'
import { takeCheckout } from './dev/checkout.ts'
import { type DemonstratedEvent, demonstrate } from './dev/demonstration.ts'
import { printEvent, printHeading, printLine, printProgress, printResult, printStack } from './dev/output.ts'
import { Stopped, stopOnSignals } from './dev/stop.ts'
import { watchStack } from './dev/watch.ts'
import { type Stack, startStack } from './stack/stack.ts'

const root = resolve(import.meta.dirname, '../..')

interface Options {
  readonly once: boolean
  readonly json: boolean
}

// What was begun and is still under way after a stop must not keep the process.
process.exit(await main())

async function main(): Promise<number> {
  const options = readOptions()
  if (!options) return 2
  const directory = resolve(root, process.env.FRONTDESK_DIRECTORY || '.frontdesk')
  let events: readonly DemonstratedEvent[] = []
  try {
    await mkdir(directory, { recursive: true })
    using checkout = takeCheckout(directory)
    const stopped = stopOnSignals(() => checkout[Symbol.dispose]())
    events = await dev(options, { directory, manifestFile: checkout.manifestFile, stopped })
    const ok = events.every(({ error }) => error === undefined)
    if (options.once) printResult(events, { ok, json: options.json })
    return ok ? 0 : 1
  } catch (error) {
    if (error instanceof Stopped) return error.exitCode
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`✗ ${message}\n`)
    if (options.json) printLine(JSON.stringify({ ok: false, error: message.split('\n', 1)[0], events }))
    return 1
  }
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({ options: { once: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } } })
    if (!values.json || values.once) return values
    process.stderr.write('✗ --json goes with --once\n')
  } catch (error) {
    process.stderr.write(`✗ ${error instanceof Error ? error.message : String(error)}\n`)
  }
  return undefined
}

interface Place {
  readonly directory: string
  readonly manifestFile: string
  readonly stopped: AbortSignal
}

/** Runs the stack; with `once` until the demonstration is over, whose events it returns, else until it is stopped. */
async function dev({ once, json }: Options, { directory, manifestFile, stopped }: Place): Promise<readonly DemonstratedEvent[]> {
  const begun = performance.now()
  await using stack = await startStack({ root, directory, preferredIngressPort: 8080, onStep: printProgress, signal: stopped })
  await writeFile(manifestFile, `${JSON.stringify(stack.manifest, null, 2)}\n`, { mode: 0o600 })
  printProgress(`ready after ${((performance.now() - begun) / 1_000).toFixed(1)} s`)
  if (once) return await demonstrateOnce(stack, json, stopped)
  printStack(stack.manifest, directory)
  await watchStack(stack, stopped)
  return []
}

async function demonstrateOnce(stack: Stack, json: boolean, stopped: AbortSignal): Promise<readonly DemonstratedEvent[]> {
  if (!json) printHeading()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  let isOver = false
  const giveUp = (reason: unknown) => {
    isOver = true
    reject(reason)
  }
  // What fails while everything is being stopped is no result.
  const onEvent = (event: DemonstratedEvent) => {
    if (!json && !isOver) printEvent(event)
  }
  stopped.addEventListener('abort', () => giveUp(stopped.reason), { once: true })
  for (const { died } of [...stack.services.values(), stack.sandbox]) void died.then(giveUp)
  return await Promise.race([demonstrate(stack.manifest, onEvent), givenUp])
}
