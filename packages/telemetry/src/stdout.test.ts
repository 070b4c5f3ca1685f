import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

/** Logs 5,000 lines in one turn to a pipe, then ends. */
async function run(ending: string): Promise<{ lines: string[]; code: number | null }> {
  const program = `
    import { createTelemetry } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    const telemetry = createTelemetry({ service: 'child' })
    for (let index = 0; index < 5000; index++) telemetry.logger.info({ index, filler: 'x'.repeat(100) }, 'line')
    ${ending}`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const output = await text(child.stdout)
  return { lines: output.trimEnd().split('\n'), code: await exited }
}

test.each([
  ['is disposed and killed', "await telemetry[Symbol.asyncDispose](); process.kill(process.pid, 'SIGKILL')", null],
  ['is disposed and exits at once', 'await telemetry[Symbol.asyncDispose](); process.exit(3)', 3],
  ['exits without disposing', 'process.exit(4)', 4],
  ['runs out of work', '', 0],
])('no line is lost when a process %s', async (_how, ending, expectedCode) => {
  const { lines, code } = await run(ending)
  expect(code).toBe(expectedCode)
  expect(lines.map((line) => (JSON.parse(line) as { index: number }).index).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 5_000 }, (_, index) => index),
  )
})

test('a line comes out soon though nothing follows it', async () => {
  const program = `
    import { createTelemetry } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    createTelemetry({ service: 'child' }).logger.info('alone')
    setInterval(() => {}, 60_000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    expect(JSON.parse(line.toString())).toMatchObject({ msg: 'alone' })
  } finally {
    child.kill('SIGKILL')
  }
})
