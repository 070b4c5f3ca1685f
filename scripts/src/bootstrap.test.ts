import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { eventually } from '@frontdesk/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'frontdesk-bootstrap-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const environment = (): NodeJS.ProcessEnv => ({
  PATH: `${folder}/bin:${process.env['PATH']}`,
  HOME: folder,
  FRONTDESK_CACHE: join(folder, 'cache'),
})
const inShell = (script: string) =>
  run('bash', ['-c', `set -euo pipefail; . ${root}/scripts/lib/bootstrap.sh; ${script}`], { env: environment() })

/** A program that the shell finds first on PATH. */
const program = async (name: string, text: string): Promise<string> => {
  await run('mkdir', ['-p', join(folder, 'bin')])
  const path = join(folder, 'bin', name)
  await writeFile(path, `#!/usr/bin/env bash\nset -e\n${text}\n`)
  await chmod(path, 0o755)
  return path
}

test('of two starters at once one fetches, and both find it whole', async () => {
  await program('fetch', `echo fetched >>${folder}/fetches; sleep 0.2; echo content >"$1/file"`)
  const start = () => inShell(`install_once tool 1.0 'the tool' fetch; cat "$FRONTDESK_CACHE/tool/file"`)
  const both = await Promise.all([start(), start()])
  expect(both.map(({ stdout }) => stdout)).toEqual(['content\n', 'content\n'])
  expect(await readFile(join(folder, 'fetches'), 'utf8')).toBe('fetched\n')
})

test('a start that is killed while it fetches leaves nothing that a later one takes for whole', async () => {
  await program('fetch', `echo half >"$1/file"; touch ${folder}/begun; sleep 60`)
  const script = `. ${root}/scripts/lib/bootstrap.sh; install_once tool 1.0 'the tool' fetch`
  const killed = spawn('bash', ['-c', script], { env: environment(), detached: true, stdio: 'ignore' })
  await eventually(() => readFile(join(folder, 'begun')))
  process.kill(-(killed.pid ?? 0), 'SIGKILL')
  await once(killed, 'exit')

  await program('fetch', 'echo whole >"$1/file"')
  const { stdout } = await inShell(`install_once tool 1.0 'the tool' fetch; cat "$FRONTDESK_CACHE/tool/file"`)
  expect(stdout).toBe('whole\n')
  expect(await readdir(join(folder, 'cache'))).toEqual(['tool', 'tool.lock'])
})

test('a fetch that fails half-way ends the start, says why, and leaves nothing', async () => {
  await program('fetch', 'echo half >"$1/file"; echo no such host >&2; false; echo not reached >&2')
  const failing = inShell(`install_once tool 1.0 'the tool' fetch; echo went on`)
  await expect(failing).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/no such host\n✗ the tool could not be fetched/),
  })
  await expect(failing).rejects.not.toMatchObject({ stderr: expect.stringContaining('not reached') })
  expect((await readdir(join(folder, 'cache'))).filter((name) => !/\.(lock|log)$/.test(name))).toEqual([])
})

test('another version is fetched anew', async () => {
  await program('fetch', `echo once more >>${folder}/fetches`)
  await inShell('install_once tool 1.0 tool fetch; install_once tool 1.1 tool fetch; install_once tool 1.1 tool fetch')
  expect(await readFile(join(folder, 'fetches'), 'utf8')).toBe('once more\nonce more\n')
})

test.each([
  { version: 'nats-server: v2.9.10', found: false },
  { version: 'nats-server: v2.10.27', found: true },
  { version: 'nats-server: v3.0.0', found: true },
])('of a machine with $version it is taken: $found', async ({ version, found }) => {
  const path = await program('nats-server', `[[ $1 == --version ]] && echo '${version}'`)
  const { stdout } = await inShell('on_path nats-server "$nats_version_min"')
  expect(stdout.trim() === path).toBe(found)
})

test('on another system it says what has to be installed', async () => {
  await program('uname', 'echo Darwin arm64')
  await program('node', '[[ $1 == --version ]] && echo v20.1.0 || echo 20')
  await expect(inShell('bootstrap_toolchain')).rejects.toMatchObject({
    stderr: expect.stringMatching(/Node ≥ 24 must be on PATH \(found: v20\.1\.0\)/),
  })
})

test('where there is no kubectl, the check of the manifests says that it was skipped', async () => {
  const { stdout } = await inShell('PATH=/nowhere; uname() { echo Darwin arm64; }; bootstrap_kubectl; echo "[${FRONTDESK_KUBECTL:-}]"')
  expect(stdout).toBe('[]\n')
  const checked = await run(process.execPath, [join(root, 'scripts/src/check-manifests.ts')], { env: { ...environment(), PATH: folder } })
  expect(checked.stdout).toMatch(/^skipped: kubectl is not on PATH/)
})

test.each(['dev', 'test', 'verify'])('./scripts/%s --help explains itself and fetches nothing', async (name) => {
  const { stdout } = await run(join(root, 'scripts', name), ['--help'], { env: environment() })
  expect(stdout).toContain(`Usage: ./scripts/${name}`)
  expect(await readdir(folder)).toEqual([])
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s to a start alone ends at once what it was doing, down to the last process', async (signal, exitCode) => {
  const child = join(folder, 'child')
  await program('fetch', `bash -c 'echo $$ >${child}; sleep 60; true'; true`)
  const script = `. ${root}/scripts/lib/bootstrap.sh; install_once tool 1.0 'the tool' fetch`
  const start = spawn('bash', ['-c', script], { env: environment(), stdio: 'ignore' })
  const exited = once(start, 'exit')
  const pid = Number(await eventually(async () => (await readFile(child, 'utf8')).trim() || Promise.reject(new Error('no pid yet'))))
  start.kill(signal)
  expect(await exited).toEqual([exitCode, null])
  await eventually(() => expect(() => process.kill(pid, 0)).toThrow(/ESRCH/))
})

test.each([
  ['dev', ['--bogus'], 'unknown argument: --bogus'],
  ['dev', ['--json'], '--json goes with --once'],
  ['verify', ['--bogus'], 'unknown argument: --bogus'],
] as const)('./scripts/%s %j is refused with 2, and fetches nothing', async (name, args, complaint) => {
  const refused = run(join(root, 'scripts', name), args, { env: environment() })
  await expect(refused).rejects.toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(`✗ ${complaint}\n`) })
  expect(await readdir(folder)).toEqual([])
})
