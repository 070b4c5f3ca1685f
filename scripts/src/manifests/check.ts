import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { INamespace } from 'kubernetes-models/v1'
import { networkProblems } from './network.ts'
import { callerAddressProblems, publicPathProblems, publicPathsOf } from './public-paths.ts'
import { referenceProblems } from './references.ts'
import { ofKind, type Overlay } from './render.ts'
import { callsProviders, settingsProblems, type SettingsSchema, settingsSchemaOf } from './settings.ts'
import { podProblems, workloadProblems } from './workloads.ts'

/** Development only: nobody may ever deploy it. */
const neverDeployed = new Set(['provider-sandbox'])

/** A service that has to be in every overlay. */
export interface DeployedService {
  readonly name: string
  readonly settings: SettingsSchema | undefined
  /** What providers call of it. */
  readonly publicPaths: readonly string[]
}

/** The services that there are, found where they live. */
export async function findServices(root: string): Promise<DeployedService[]> {
  const folders = await readdir(join(root, 'services'))
  const names = folders.filter((name) => existsSync(join(root, 'services', name, 'package.json')) && !neverDeployed.has(name))
  return Promise.all(
    names.toSorted().map(async (name) => ({
      name,
      settings: await settingsSchemaOf(root, name),
      publicPaths: await publicPathsOf(root, name),
    })),
  )
}

/** What our rules find wrong in an overlay. */
export function policyProblems(overlay: Overlay, services: readonly DeployedService[]): string[] {
  const problems = [
    ...overlayProblems(overlay, services),
    ...podProblems(overlay),
    ...services.flatMap(({ name }) => workloadProblems(overlay, name)),
    ...services.flatMap(({ name, settings }) =>
      settings
        ? [...settingsProblems(overlay, name, settings), ...callerAddressProblems(overlay, name, settings)]
        : [`services/${name}/src/config.ts exports no configSchema`],
    ),
    ...services.flatMap(({ name, publicPaths }) => publicPathProblems(overlay, name, publicPaths)),
    ...referenceProblems(overlay),
    ...networkProblems(overlay, new Set(services.flatMap(({ name, settings }) => (settings && callsProviders(settings) ? [name] : [])))),
  ]
  return problems.map((problem) => `${overlay.name}: ${problem}`)
}

function overlayProblems({ objects }: Overlay, services: readonly DeployedService[]): string[] {
  const [namespace, ...more] = ofKind<INamespace>(objects, 'Namespace')
  if (!namespace || more.length > 0) return ['it has not exactly one Namespace']
  const known = new Set(services.map(({ name }) => name))
  return [
    ...['enforce', 'audit', 'warn']
      .filter((mode) => namespace.metadata.labels?.[`pod-security.kubernetes.io/${mode}`] !== 'restricted')
      .map((mode) => `Namespace/${namespace.metadata.name}: Pod Security does not ${mode} "restricted"`),
    ...objects
      .filter(({ kind, metadata }) => kind !== 'Namespace' && metadata.namespace !== namespace.metadata.name)
      .map(({ kind, metadata }) => `${kind}/${metadata.name}: is outside the overlay's namespace`),
    // A Secret in a manifest is a secret in git.
    ...ofKind(objects, 'Secret').map(({ metadata }) => `Secret/${metadata.name}: secrets are made in the cluster, not here`),
    ...ofKind(objects, 'Deployment')
      .filter(({ metadata }) => !known.has(metadata.name))
      .map(({ metadata }) => `Deployment/${metadata.name}: there is no such service to deploy`),
  ]
}
