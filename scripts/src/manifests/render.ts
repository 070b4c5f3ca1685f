import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { parseAllDocuments } from 'yaml'

const run = promisify(execFile)

/** What every object of Kubernetes has. */
export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: { name: string; namespace?: string; labels?: Record<string, string> }
}

/** An overlay as the cluster would get it. */
export interface Overlay {
  readonly name: string
  readonly objects: readonly KubernetesObject[]
}

/** Where kubectl is: FRONTDESK_KUBECTL, else what scripts/lib fetched, else PATH. */
export function findKubectl(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const onPath = (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'kubectl'))
  const cache = env['FRONTDESK_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'frontdesk')
  return [env['FRONTDESK_KUBECTL'], join(cache, 'toolchain/kubectl/kubectl'), ...onPath].find((path) => path && existsSync(path))
}

/** Renders every overlay of a k8s folder, offline. */
export async function renderOverlays(folder: string, kubectl: string): Promise<Overlay[]> {
  const names = (await readdir(join(folder, 'overlays'))).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const { stdout } = await run(kubectl, ['kustomize', join(folder, 'overlays', name)], { maxBuffer: 1 << 26 })
      return { name, objects: parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject) }
    }),
  )
}

/** `Deployment/booking` */
export const nameOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`

/** The objects of one kind, as the type that the caller knows it has. */
export const ofKind = <T>(objects: readonly KubernetesObject[], kind: string): (T & KubernetesObject)[] =>
  objects.filter((object) => object.kind === kind) as (T & KubernetesObject)[]
