import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { IConfigMap, IPodSpec } from 'kubernetes-models/v1'
import { nameOf, ofKind, type Overlay } from './render.ts'

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

interface Parsed {
  readonly data?: unknown
  readonly error?: { readonly issues: readonly Issue[] } | undefined
}

/** The part of zod that is needed to ask a service's schema. */
export interface SettingsSchema {
  readonly shape: Readonly<Record<string, { safeParse(value: unknown): Parsed }>>
  safeParse(value: unknown): Parsed
}

/** The schema of a service's settings, from its config.ts. */
export async function settingsSchemaOf(root: string, service: string): Promise<SettingsSchema | undefined> {
  const path = join(root, 'services', service, 'src/config.ts')
  if (!existsSync(path)) return undefined
  const { configSchema } = (await import(pathToFileURL(path).href)) as { configSchema?: SettingsSchema }
  return configSchema
}

/** Whether a service calls providers: a setting of its is an address on the internet when nobody sets it. */
export function callsProviders({ shape }: SettingsSchema): boolean {
  return Object.values(shape).some((setting) => String(setting.safeParse(undefined).data).startsWith('https://'))
}

/** Settings that a service does not know, lacks, or could not read. */
export function settingsProblems({ objects }: Overlay, service: string, schema: SettingsSchema): string[] {
  const required = new Set((schema.safeParse({}).error?.issues ?? []).map(({ path }) => String(path[0])))
  const workloads = [...ofKind<IDeployment>(objects, 'Deployment'), ...ofKind<IJob>(objects, 'Job')].filter(
    ({ metadata }) => metadata.name === service || metadata.name === `${service}-migrations`,
  )
  const configMaps = new Map(ofKind<IConfigMap>(objects, 'ConfigMap').map((each) => [each.metadata.name, each.data ?? {}]))

  return workloads.flatMap((workload) => {
    const [container] = workload.spec?.template?.spec?.containers ?? []
    const literals = new Map<string, string>()
    const provided = new Set<string>()
    for (const { configMapRef } of container?.envFrom ?? []) {
      const data = configMaps.get(configMapRef?.name ?? '')
      if (!data) return [`${nameOf(workload)}: takes settings from something that is not in the overlay`]
      for (const [name, value] of Object.entries(data)) literals.set(name, value)
    }
    for (const { name, value, valueFrom } of container?.env ?? []) {
      if (value !== undefined) literals.set(name, value)
      // An optional key of a Secret may be missing; without any source the setting would be empty.
      const isGiven = valueFrom !== undefined && Object.keys(valueFrom).length > 0 && valueFrom.secretKeyRef?.optional !== true
      if (value !== undefined || isGiven) provided.add(name)
    }
    for (const name of literals.keys()) provided.add(name)
    const listening = Object.keys(schema.shape).flatMap((name) => {
      const port = name.endsWith('_PORT') ? schema.shape[name]?.safeParse(literals.get(name)).data : undefined
      return typeof port === 'number' ? [{ name, port }] : []
    })
    const all = [...provided, ...(container?.env ?? []).map(({ name }) => name)]
    const pod = workload.kind === 'Deployment' ? workload.spec?.template?.spec : undefined
    return [
      ...(pod ? [...literals].filter(([name, path]) => name.endsWith('_FILE') && !isMounted(pod, path)) : []).map(
        ([name, path]) => `the setting ${name} names no file of a volume: ${path}`,
      ),
      ...(pod ? listening : [])
        .filter(({ port }) => !container?.ports?.some(({ containerPort }) => containerPort === port))
        .map(({ name, port }) => `the port of ${name} is not open: ${port}`),
      ...[...new Set(all)].filter((name) => !(name in schema.shape)).map((name) => `there is no setting ${name}`),
      ...[...required].filter((name) => !provided.has(name)).map((name) => `the setting ${name} is missing`),
      ...[...literals].flatMap(([name, value]) =>
        (schema.shape[name]?.safeParse(value).error?.issues ?? []).map(
          ({ message }) => `the setting ${name} can't be ${value}: ${message}`,
        ),
      ),
    ].map((problem) => `${nameOf(workload)}: ${problem}`)
  })
}

/** Whether a volume of the pod brings the file to its first container; of a ConfigMap that is mounted whole nobody knows. */
function isMounted({ containers: [container], volumes }: IPodSpec, path: string): boolean {
  return (container?.volumeMounts ?? []).some(({ mountPath, name }) => {
    if (!path.startsWith(`${mountPath}/`)) return false
    const volume = volumes?.find((each) => each.name === name)
    const items = volume?.secret?.items ?? volume?.configMap?.items
    if (!volume) return false
    return !items || items.some((item) => path === `${mountPath}/${item.path}`)
  })
}
