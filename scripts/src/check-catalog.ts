import { glob, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

// Every version stands once, in the catalog of pnpm-workspace.yaml, and exactly. (catalogMode: strict lets a hand-edited one pass.)

type Manifest = Partial<Record<'dependencies' | 'devDependencies' | 'optionalDependencies' | 'peerDependencies', Record<string, string>>>

/** What is wrong in a package.json: each dependency that names a version of its own. */
export const foreignVersions = (manifest: Manifest): string[] =>
  [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies, manifest.peerDependencies]
    .flatMap((dependencies) => Object.entries(dependencies ?? {}))
    .filter(([name, version]) => version !== (name.startsWith('@frontdesk/') ? 'workspace:*' : 'catalog:'))
    .map(([name, version]) => `${name} is ${version}, not ${name.startsWith('@frontdesk/') ? 'workspace:*' : 'catalog:'}`)

/** The catalog's entries that allow more than one version. */
export const inexactVersions = (workspaceYaml: string): string[] => {
  const catalog = workspaceYaml.split(/^catalog:\n/m)[1]?.split(/^\S/m)[0] ?? ''
  return catalog.split('\n').filter((line) => line.trim() !== '' && !/^ {2}\S+: \d+\.\d+\.\d+(-[\w.]+)?$/.test(line))
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '../..')
  const problems: string[] = []
  for await (const path of glob('{,scripts/,packages/*/,services/*/}package.json', { cwd: root })) {
    const manifest = JSON.parse(await readFile(join(root, path), 'utf8')) as Manifest
    problems.push(...foreignVersions(manifest).map((problem) => `${path}: ${problem}`))
  }
  const inexact = inexactVersions(await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8'))
  problems.push(...inexact.map((line) => `pnpm-workspace.yaml: not one exact version:${line}`))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
