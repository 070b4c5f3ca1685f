import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)

interface Violation {
  rule: string
  from: string
}

/** Each file imports what its rule forbids. */
const planted: (Violation & { imports: string })[] = [
  { rule: 'service-imports-service', from: 'services/one/src/db/a.ts', imports: '../../../two/src/domain/two.ts' },
  { rule: 'library-imports-service', from: 'packages/bus/src/a.ts', imports: '../../../services/one/src/domain/one.ts' },
  { rule: 'library-imports-service', from: 'scripts/src/a.ts', imports: '../../services/one/src/domain/one.ts' },
  {
    rule: 'evaluation-imports-past-decision',
    from: 'scripts/src/evaluate/resolver.ts',
    imports: '../../../services/one/src/domain/one.ts',
  },
  { rule: 'leaf-imports-package', from: 'packages/errors/src/a.ts', imports: '@frontdesk/bus' },
  { rule: 'leaf-imports-package', from: 'packages/contracts/src/a.ts', imports: '@frontdesk/errors' },
  { rule: 'past-the-door', from: 'packages/bus/src/b.ts', imports: '@frontdesk/database/src/inside.ts' },
  { rule: 'past-the-door', from: 'services/one/src/db/b.ts', imports: '@frontdesk/database/src/inside.ts' },
  { rule: 'relative-into-package', from: 'services/one/src/db/c.ts', imports: '../../../../packages/errors/src/index.ts' },
  { rule: 'circular', from: 'services/one/src/domain/cycle-a.ts', imports: './cycle-b.ts' },
  { rule: 'test-helper-in-production', from: 'services/one/src/db/d.ts', imports: '@frontdesk/testing' },
  { rule: 'test-helper-in-production', from: 'packages/bus/src/c.ts', imports: '@frontdesk/database/testing' },
  { rule: 'samples-in-service', from: 'services/one/src/http/b.ts', imports: '@frontdesk/providers/samples' },
  { rule: 'test-dependency-in-production', from: 'services/one/src/db/e.ts', imports: 'for-tests' },
  { rule: 'undeclared', from: 'services/one/src/db/f.ts', imports: 'undeclared' },
  { rule: 'unresolvable', from: 'services/one/src/db/g.ts', imports: 'absent' },
  { rule: 'domain-imports-outside', from: 'services/one/src/domain/a.ts', imports: '@frontdesk/contracts' },
  { rule: 'domain-imports-outside', from: 'services/one/src/domain/b.ts', imports: '../app/use-case.ts' },
  { rule: 'domain-imports-outside', from: 'services/one/src/domain/c.ts', imports: 'node:crypto' },
  { rule: 'domain-imports-outside', from: 'services/one/src/domain/d.ts', imports: 'declared' },
  { rule: 'app-imports-outside', from: 'services/one/src/app/a.ts', imports: '@frontdesk/bus' },
  { rule: 'app-imports-outside', from: 'services/one/src/app/b.ts', imports: '../events/on-event.ts' },
  { rule: 'app-imports-more-than-types', from: 'services/one/src/app/c.ts', imports: '@frontdesk/database' },
  { rule: 'implementation-imported', from: 'services/one/src/rpc/a.ts', imports: '../db/repository.ts' },
  { rule: 'implementation-imported', from: 'services/one/src/events/a.ts', imports: '../clients/client.ts' },
  { rule: 'implementation-imports-adapter', from: 'services/one/src/db/h.ts', imports: '../events/on-event.ts' },
  { rule: 'wiring-imported', from: 'services/one/src/http/a.ts', imports: '../config.ts' },
  { rule: 'wiring-imported', from: 'services/one/src/events/b.ts', imports: '../service.ts' },
  { rule: 'main-imported', from: 'services/two/src/service.ts', imports: './main.ts' },
  { rule: 'main-imports-past-service', from: 'services/two/src/main.ts', imports: './domain/two.ts' },
]

const use = (from: string, name = 'it'): string => `export { ${name} } from '${from}'\n`
const manifest = (name: string, rest: object = {}): string =>
  JSON.stringify({
    name: `@frontdesk/${name}`,
    exports: { '.': './src/index.ts', './testing': './src/testing.ts', './samples': './src/samples.ts', './src/*': './src/*' },
    ...rest,
  })

const packages = ['errors', 'contracts', 'bus', 'database', 'providers', 'testing']
const libraries = ['declared', 'for-tests', 'undeclared']

/** A small workspace in which every import is allowed. */
const allowed: Record<string, string> = {
  ...Object.fromEntries(packages.map((name) => [`packages/${name}/package.json`, manifest(name)])),
  ...Object.fromEntries(packages.map((name) => [`packages/${name}/src/index.ts`, 'export const it = 1\n'])),
  ...Object.fromEntries(libraries.map((name) => [`node_modules/${name}/index.js`, 'export const it = 1\n'])),
  'packages/database/src/index.ts': use('./inside.ts') + 'export type Transaction = object\n',
  'packages/database/src/inside.ts': 'export const it = 1\n',
  'packages/database/src/testing.ts': use('./inside.ts'),
  'packages/database/src/inside.test.ts': use('@frontdesk/testing'),
  'packages/providers/src/samples.ts': 'export const it = 1\n',
  'services/one/package.json': manifest('one', { dependencies: { declared: '1.0.0' }, devDependencies: { 'for-tests': '1.0.0' } }),
  'services/one/src/main.ts': use('./service.ts') + use('./config.ts', 'it as config'),
  'services/one/src/config.ts': use('declared'),
  'services/one/src/service.ts':
    use('./db/repository.ts') + use('./events/on-event.ts', 'it as go') + use('./clients/client.ts', 'it as client'),
  'services/one/src/domain/one.ts': use('@frontdesk/errors'),
  'services/one/src/domain/cycle-b.ts': use('./cycle-a.ts'),
  'services/one/src/domain/one.test.ts': use('for-tests'),
  'services/one/src/app/use-case.ts':
    use('../domain/one.ts') + use('@frontdesk/contracts', 'it as own') + "export type { Transaction } from '@frontdesk/database'\n",
  'services/one/src/db/repository.ts': use('../app/use-case.ts') + use('@frontdesk/database', 'it as own'),
  'services/one/src/db/repository.int.test.ts': use('./repository.ts') + use('@frontdesk/testing', 'it as server'),
  'services/one/src/clients/client.ts': use('@frontdesk/bus'),
  'services/one/src/events/on-event.ts': use('../app/use-case.ts'),
  'services/one/test/one.e2e.test.ts': use('../src/service.ts') + use('../src/db/repository.ts', 'it as own'),
  'services/two/package.json': manifest('two'),
  'services/two/src/domain/two.ts': 'export const it = 2\n',
}

let workspace: string
let violations: Violation[]

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'frontdesk-boundaries-'))
  const files = { ...allowed, ...Object.fromEntries(planted.map(({ from, imports }) => [from, use(imports)])) }
  await Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      await mkdir(dirname(join(workspace, path)), { recursive: true })
      await writeFile(join(workspace, path), text)
    }),
  )
  await mkdir(join(workspace, 'node_modules/@frontdesk'), { recursive: true })
  await Promise.all(packages.map((name) => symlink(join(workspace, 'packages', name), join(workspace, 'node_modules/@frontdesk', name))))
  const cruise = join(root, 'node_modules/.bin/depcruise')
  const args = ['--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'json', 'packages', 'services', 'scripts']
  const { stdout } = await run(cruise, args, { cwd: workspace, maxBuffer: 1 << 26 })
  const { summary } = JSON.parse(stdout) as { summary: { violations: { from: string; rule: { name: string } }[] } }
  violations = summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }))
})

afterAll(() => rm(workspace, { recursive: true, force: true }))

test.each(planted)('$rule refuses $imports in $from', ({ rule, from }) => {
  expect(violations).toContainEqual({ rule, from })
})

test('imports that the design allows are not refused', () => {
  const plantedFiles = new Set(planted.map(({ from }) => from))
  expect(violations.filter(({ from }) => !plantedFiles.has(from))).toEqual([])
})

test('every rule is seen to fire', async () => {
  const { default: config } = (await import(join(root, '.dependency-cruiser.mjs'))) as { default: { forbidden: { name: string }[] } }
  const fired = new Set(planted.map(({ rule }) => rule))
  expect(config.forbidden.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([])
})

test('packages depend on each other in one direction', async () => {
  const names = await readdir(join(root, 'packages'))
  const edges = new Map<string, string[]>()
  await Promise.all(
    names.map(async (name) => {
      const { dependencies = {} } = JSON.parse(await readFile(join(root, 'packages', name, 'package.json'), 'utf8')) as {
        dependencies?: object
      }
      edges.set(
        name,
        Object.keys(dependencies).flatMap((id) => (id.startsWith('@frontdesk/') ? [id.slice('@frontdesk/'.length)] : [])),
      )
    }),
  )
  const cycles: string[][] = []
  const walk = (path: string[]): void => {
    for (const next of edges.get(path.at(-1) ?? '') ?? []) {
      if (next === path[0]) cycles.push([...path, next])
      else if (!path.includes(next)) walk([...path, next])
    }
  }
  for (const name of names) walk([name])
  expect(cycles).toEqual([])
})

test.each([
  {
    lint: 'no-restricted-imports',
    path: 'packages/http/src/a.ts',
    text: "import { vouchForCompanyId } from '@frontdesk/contracts'\nvouchForCompanyId('any')\n",
  },
  { lint: 'no-restricted-properties', path: 'packages/http/src/b.test.ts', text: "import { vi } from 'vitest'\nvi.mock('./a.ts')\n" },
  { lint: 'no-floating-promises', path: 'packages/http/src/c.ts', text: 'const wait = async (): Promise<void> => {}\nwait()\nexport {}\n' },
])('the linter refuses $path by $lint', async ({ lint, path, text }) => {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-lint-'))
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), text)
  const oxlint = join(root, 'node_modules/.bin/oxlint')
  const linting = run(oxlint, ['-c', join(root, '.oxlintrc.json'), '--type-aware', '--format', 'json', '.'], {
    cwd: folder,
    timeout: 15_000,
    // oxlint looks for its type-aware half on PATH.
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` },
  })
  await expect(linting).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining(lint) })
  await rm(folder, { recursive: true })
})
