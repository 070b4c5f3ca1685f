import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable, open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
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

test.each([
  ['file', 64 * 1024, 200],
  ['pipe', 4_096, 400],
])('lines share writes, to a %s of at most %i bytes each and never a part of a line', async (kind, bytesMax, writesMax) => {
  // 4,000 lines of some 160 bytes, 40 in each turn.
  const program = `
    import fs from 'node:fs'
    import { setImmediate as nextTurn } from 'node:timers/promises'
    import { createTelemetry } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)}
    const writes = []
    const write = fs.write
    fs.write = (fd, text, ...rest) => (writes.push({ bytes: Buffer.byteLength(text), whole: text.endsWith('\\n') }), write(fd, text, ...rest))
    const telemetry = createTelemetry({ service: 'child' })
    for (let turn = 0; turn < 100; turn++) {
      for (let line = 0; line < 40; line++) telemetry.logger.info({ line, filler: 'ü'.repeat(30) }, 'line')
      await nextTurn()
    }
    await telemetry[Symbol.asyncDispose]()
    process.stderr.write(JSON.stringify(writes))`
  await using directory = await mkdtempDisposable(join(tmpdir(), 'frontdesk-stdout-'))
  await using file = await open(join(directory.path, 'out.log'), 'a')
  const stdout = kind === 'file' ? file.fd : 'pipe'
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: ['ignore', stdout, 'pipe'] })
  child.stdout?.resume()
  const writes = JSON.parse(await text(child.stderr as Readable)) as { bytes: number; whole: boolean }[]
  expect(writes.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(4_000 * 150)
  expect(writes.every(({ bytes, whole }) => bytes <= bytesMax && whole)).toBe(true)
  expect(writes.length).toBeLessThan(writesMax)
})
