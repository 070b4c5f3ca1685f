import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { providers } from '@frontdesk/providers'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1'
import { nameOf, ofKind, type Overlay } from './render.ts'
import type { SettingsSchema } from './settings.ts'

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

const mib = 1024 * 1024
const bodySizeAnnotation = 'nginx.ingress.kubernetes.io/proxy-body-size'

/** The paths that no Ingress of prod leads to the service, or leads without the bodies that providers send. */
export function publicPathProblems({ name, objects }: Overlay, service: string, paths: readonly string[]): string[] {
  if (name !== 'prod' || paths.length === 0) return []
  const ingresses = ofKind<IIngress>(objects, 'Ingress').filter((ingress) => prefixesOf(ingress, service).length > 0)
  const prefixes = ingresses.flatMap((ingress) => prefixesOf(ingress, service))
  const largestMib = Math.max(...Object.values(providers).map(({ bodyLimitBytes }) => bodyLimitBytes)) / mib
  return [
    ...paths
      .filter((path) => !prefixes.some((prefix) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)))
      .map((path) => `no Ingress leads ${path} to ${service}`),
    ...ingresses
      .filter(({ metadata }) => mibOf(metadata?.annotations?.[bodySizeAnnotation]) < largestMib)
      .map((ingress) => `${nameOf(ingress)}: ends bodies below ${largestMib} MiB, as ingress-nginx does without ${bodySizeAnnotation}`),
  ]
}

function prefixesOf({ spec }: IIngress, service: string): string[] {
  return (spec?.rules ?? [])
    .flatMap(({ http }) => http?.paths ?? [])
    .filter(({ pathType, backend }) => pathType === 'Prefix' && backend.service?.name === `${service}-http`)
    .map(({ path }) => path ?? '/')
}

/** Of a size as nginx writes it, in MiB alone; 0 for another one. */
function mibOf(size: string | undefined): number {
  return Number(/^(\d+)m$/i.exec(size ?? '')?.[1] ?? 0)
}

/** Behind an Ingress all callers have its address, unless the service knows whom to believe about theirs. */
export function callerAddressProblems({ name, objects }: Overlay, service: string, settings: SettingsSchema): string[] {
  if (name !== 'prod' || !calledByProviders.has(service) || !('TRUSTED_PROXIES' in settings.shape)) return []
  const deployment = ofKind<IDeployment>(objects, 'Deployment').find(({ metadata }) => metadata.name === service)
  const env = deployment?.spec?.template?.spec?.containers[0]?.env ?? []
  if (env.some((setting) => setting.name === 'TRUSTED_PROXIES' && setting.value)) return []
  return [`Deployment/${service}: takes every caller for the Ingress controller: TRUSTED_PROXIES is not set`]
}
