import { resolve } from 'node:path'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IService } from 'kubernetes-models/v1'
import { beforeAll, describe, expect, test } from 'vitest'
import { referenceProblems } from './references.ts'
import { findKubectl, type KubernetesObject, type Overlay, renderOverlays } from './render.ts'

const kubectl = findKubectl()

describe.skipIf(kubectl === undefined)('what the manifests name', () => {
  let prod: Overlay
  beforeAll(async () => {
    const overlays = await renderOverlays(resolve(import.meta.dirname, '../../../k8s'), kubectl ?? '')
    prod = overlays.find(({ name }) => name === 'prod') as Overlay
  })

  /** The problems after a change to one object of prod. */
  const problemsWith = <T>(id: string, change: (object: T) => void): string[] => {
    const objects = structuredClone(prod.objects)
    const object = objects.find(({ kind, metadata }) => id === `${kind}/${metadata.name}`)
    if (!object) throw new Error(`there is no ${id}`)
    change(object as T & KubernetesObject)
    return referenceProblems({ name: 'prod', objects })
  }
  const pod = (id: string, change: (spec: NonNullable<NonNullable<IDeployment['spec']>['template']['spec']>) => void) =>
    problemsWith<IDeployment>(id, ({ spec }) => change(spec!.template.spec!))

  test('is there', () => {
    expect(referenceProblems(prod)).toEqual([])
  })

  const component = 'app.kubernetes.io/component'
  test.each<[string, () => string[], string]>([
    [
      'a Service that takes the pods of migrations too',
      () => problemsWith<IService>('Service/booking', ({ spec }) => delete spec!.selector![component]),
      'Service/booking: selects the pods of Deployment/booking, Job/booking-migrations, not of one Deployment',
    ],
    [
      'a Service that takes nobody’s',
      () => problemsWith<IService>('Service/booking', ({ spec }) => delete spec!.selector),
      'Service/booking: selects the pods of nobody',
    ],
    [
      'a Service whose port nobody opens',
      () => problemsWith<IService>('Service/booking', ({ spec }) => (spec!.ports![0]!.targetPort = 'grpc')),
      'Service/booking: its pods have no port grpc',
    ],
    [
      'a budget for everything',
      () => problemsWith<IPodDisruptionBudget>('PodDisruptionBudget/booking', ({ spec }) => (spec!.selector = {})),
      'PodDisruptionBudget/booking: selects the pods of Deployment/billing, Deployment/booking, Deployment/company-resolver',
    ],
    [
      'a Deployment that takes the migrations for its own',
      () => problemsWith<IDeployment>('Deployment/booking', ({ spec }) => delete spec!.selector.matchLabels![component]),
      'Deployment/booking: selects the pods of Deployment/booking, Job/booking-migrations',
    ],
    [
      'a spread that counts others’ pods',
      () => pod('Deployment/booking', (spec) => (spec.topologySpreadConstraints![0]!.labelSelector = {})),
      'Deployment/booking: spread by kubernetes.io/hostname: selects the pods of',
    ],
    [
      'another service’s database',
      () => pod('Deployment/booking', (spec) => (spec.containers[0]!.env![1]!.valueFrom!.secretKeyRef!.name = 'identity')),
      'Deployment/booking: takes a Secret that is not its own: identity',
    ],
    [
      'another service’s credential',
      () => pod('Deployment/webhook-ingress', (spec) => (spec.volumes!.find(({ secret }) => secret)!.secret!.secretName = 'service')),
      'Deployment/webhook-ingress: takes a Secret that is not its own: service',
    ],
    [
      'migrations with another’s rights',
      () =>
        problemsWith<IJob>(
          'Job/booking-migrations',
          ({ spec }) => (spec!.template.spec!.containers[0]!.env![0]!.valueFrom!.secretKeyRef!.name = 'identity'),
        ),
      'Job/booking-migrations: takes a Secret that is not its own: identity',
    ],
    [
      'a ConfigMap that somebody has to make',
      () => pod('Deployment/booking', (spec) => delete spec.volumes![0]!.configMap!.optional),
      'Deployment/booking: mounts a ConfigMap that is not in the overlay and not optional: callers',
    ],
    [
      'a volume that is not there',
      () => pod('Deployment/booking', (spec) => (spec.volumes = [])),
      'Deployment/booking: mounts a volume that it does not have: callers',
    ],
    [
      'a Secret that only root may read',
      () => pod('Deployment/webhook-ingress', (spec) => delete spec.securityContext!.fsGroup),
      'Deployment/webhook-ingress: mounts Secrets that its user can not read',
    ],
    [
      'a way in that leads nowhere',
      () =>
        problemsWith<IIngress>(
          'Ingress/webhooks',
          ({ spec }) => (spec!.rules![0]!.http!.paths[0]!.backend.service!.name = 'webhook-ingress'),
        ),
      'Ingress/webhooks: leads /v1/webhooks to no port of a Service',
    ],
    [
      'a way in without encryption',
      () => problemsWith<IIngress>('Ingress/webhooks', ({ spec }) => delete spec!.tls),
      'Ingress/webhooks: has no certificate for webhooks.frontdesk.example',
    ],
  ])('%s is refused', (_what, problems, problem) => {
    expect(problems()).toContainEqual(expect.stringContaining(problem))
  })
})
