import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parse } from 'yaml'
import type { Overlay } from './render.ts'

interface Kustomization {
  readonly patches?: readonly { readonly target?: { readonly kind?: string; readonly name?: string } }[]
}

/** Patches for what is not there: kustomize passes over them in silence. */
export async function patchTargetProblems(folder: string, overlays: readonly Overlay[]): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((path) => basename(path) === 'kustomization.yaml')
  const problems = await Promise.all(
    files.toSorted().map(async (file) => {
      const overlay = overlays.find(({ name }) => dirname(file) === join('overlays', name))
      const objects = overlay?.objects ?? overlays.flatMap((each) => each.objects)
      const { patches = [] } = parse(await readFile(join(folder, file), 'utf8')) as Kustomization
      return patches
        .flatMap(({ target: { kind = '.+', name = '.+' } = {} }) => kind.split('|').map((one) => ({ kind: one, name })))
        .filter(
          // Below the overlays objects still have their placeholder's name.
          ({ kind, name }) => !objects.some((each) => matches(kind, each.kind) && (!overlay || matches(name, each.metadata.name))),
        )
        .map(({ kind, name }) => `${file}: a patch is for what is not there: ${kind}/${name}`)
    }),
  )
  return problems.flat()
}

/** As kustomize matches: the whole of it. */
const matches = (pattern: string, text: string): boolean => new RegExp(`^(?:${pattern})$`).test(text)
