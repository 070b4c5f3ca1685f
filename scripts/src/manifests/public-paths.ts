import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1'
import { ofKind, type Overlay } from './render.ts'

/** Whom providers call; every other service's HTTP is for whoever deploys it to open. */
const calledByProviders = new Set(['webhook-ingress'])

/** The paths that providers call, as the service's routes have them, each up to its first variable. */
export async function publicPathsOf(root: string, service: string): Promise<string[]> {
  if (!calledByProviders.has(service)) return []
  const folder = join(root, 'services', service, 'src/http')
  const files = (await readdir(folder)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const sources = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const paths = sources.flatMap((source) => [...source.matchAll(/['`](\/v\d+(?:\/[\w-]+)+)/g)].map(([, path = '']) => path))
  return [...new Set(paths)].toSorted()
}

/** The paths that no Ingress of prod leads to the service. */
export function publicPathProblems({ name, objects }: Overlay, service: string, paths: readonly string[]): string[] {
  if (name !== 'prod') return []
  const prefixes = ofKind<IIngress>(objects, 'Ingress')
    .flatMap(({ spec }) => spec?.rules ?? [])
    .flatMap(({ http }) => http?.paths ?? [])
    .filter(({ pathType, backend }) => pathType === 'Prefix' && backend.service?.name === `${service}-http`)
    .map(({ path }) => path ?? '/')
  return paths
    .filter((path) => !prefixes.some((prefix) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)))
    .map((path) => `no Ingress leads ${path} to ${service}`)
}
