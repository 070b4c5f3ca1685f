import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type KubernetesObject, nameOf, type Overlay } from './render.ts'

const scripts = resolve(import.meta.dirname, '../..')
const compiler = resolve(scripts, '../node_modules/.bin/tsc')
const options = ['--strict', '--exactOptionalPropertyTypes', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--pretty', 'false']

/** What the types of the Kubernetes API refuse in the overlays: unknown fields, wrong types, missing ones, kinds that are not there. */
export async function typeProblems(overlays: readonly Overlay[]): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'frontdesk-manifests-'))
  try {
    await symlink(join(scripts, 'node_modules'), join(folder, 'node_modules'))
    // One file for each object: its name tells in which one a mistake is.
    const files = overlays.flatMap(({ name, objects }) => objects.map((object) => ({ object, overlay: name })))
    await Promise.all(files.map(({ object }, index) => writeFile(join(folder, `object-${index}.ts`), literalOf(object))))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    const paths = files.map((_, index) => `object-${index}.ts`)
    const output = await outputOf(compiler, [...options, '--types', '', ...paths], folder)
    // The compiler works on the files side by side: their order is not its own.
    const lines = output.split('\n').filter((line) => line.trim() !== '')
    return lines
      .map((line) => ({ line, index: Number(/^object-(\d+)\.ts/.exec(line)?.[1] ?? Number.NaN) }))
      .toSorted((a, b) => a.index - b.index)
      .map(({ line, index }) => {
        const file = files[index]
        if (!file) return line
        return `${file.overlay}: ${nameOf(file.object)}: ${line.replace(/^.*error TS\d+: /, '').replaceAll(/'"|"'/g, "'")}`
      })
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** The object as a literal, since only of a literal TypeScript refuses unknown fields. */
function literalOf(object: KubernetesObject): string {
  const { apiVersion, kind } = object
  return `import type { I${kind} } from ${JSON.stringify(`kubernetes-models/${apiVersion}`)}\n;(${JSON.stringify(object, null, 2)}) satisfies I${kind}\n`
}

function outputOf(program: string, args: string[], cwd: string): Promise<string> {
  return new Promise((done, fail) => {
    execFile(program, args, { cwd, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      // The compiler's own failure would otherwise look like no problem at all.
      if (error && stdout.trim() === '') fail(new Error(stderr || error.message, { cause: error }))
      else done(stdout)
    })
  })
}
