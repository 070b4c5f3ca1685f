import type { IJob } from 'kubernetes-models/batch/v1'
import type { IPodSpec } from 'kubernetes-models/v1'
import { type KubernetesObject, nameOf } from './render.ts'

/** The pods that an object makes. */
export interface PodTemplate {
  /** `Deployment/booking` */
  readonly owner: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: IPodSpec
}

type Template = { metadata?: { labels?: Record<string, string> }; spec?: IPodSpec }

/** The pods that the objects make, whatever their kind. */
export function podTemplates(objects: readonly KubernetesObject[]): PodTemplate[] {
  return objects.flatMap((object) => {
    const template = templateOf(object)
    return template?.spec ? [{ owner: nameOf(object), labels: template.metadata?.labels ?? {}, spec: template.spec }] : []
  })
}

function templateOf(object: KubernetesObject): Template | undefined {
  if (object.kind === 'Pod') return object
  const { spec } = object as KubernetesObject & { spec?: { template?: Template; jobTemplate?: IJob } }
  return spec?.template ?? spec?.jobTemplate?.spec?.template
}
