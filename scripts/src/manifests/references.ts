import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IPodSpec, IService } from 'kubernetes-models/v1'
import { selects } from './reach.ts'
import { nameOf, ofKind, type Overlay } from './render.ts'
import { type PodTemplate, podTemplates } from './pod-templates.ts'

/** What an object names and nobody has, or what is somebody else's: pods, ports, Secrets, ConfigMaps, volumes, Services. */
export function referenceProblems({ objects }: Overlay): string[] {
  const pods = podTemplates(objects)
  const services = ofKind<IService>(objects, 'Service')
  const configMaps = new Set(ofKind(objects, 'ConfigMap').map(({ metadata }) => metadata.name))
  return [
    ...services.flatMap((service) => serviceProblems(service, pods)),
    ...ofKind<IPodDisruptionBudget>(objects, 'PodDisruptionBudget').flatMap((budget) =>
      selectorProblems(nameOf(budget), budget.spec?.selector, pods),
    ),
    ...ofKind<IDeployment>(objects, 'Deployment').flatMap((deployment) => deploymentProblems(deployment, pods)),
    ...pods.flatMap((pod) => podReferenceProblems(pod, configMaps)),
    ...ofKind<IIngress>(objects, 'Ingress').flatMap((ingress) => ingressProblems(ingress, services)),
  ]
}

type Selector = Parameters<typeof selects>[0]

/** A selector that takes too much makes a Job's pod answer calls, or hold up a drain. */
function selectorProblems(subject: string, selector: Selector, pods: readonly PodTemplate[]): string[] {
  const owners = selector ? pods.filter(({ labels }) => selects(selector, labels)).map(({ owner }) => owner) : []
  if (owners.length === 1 && owners[0]?.startsWith('Deployment/')) return []
  return [`${subject}: selects the pods of ${owners.join(', ') || 'nobody'}, not of one Deployment`]
}

function serviceProblems(service: IService & Parameters<typeof nameOf>[0], pods: readonly PodTemplate[]): string[] {
  const { selector, ports = [] } = service.spec ?? {}
  const subject = nameOf(service)
  const server = pods.find(({ labels }) => selector && selects({ matchLabels: selector }, labels))
  const names = new Set(server?.spec.containers.flatMap((container) => (container.ports ?? []).map(({ name }) => name)))
  return [
    ...selectorProblems(subject, selector && { matchLabels: selector }, pods),
    ...ports
      .filter(({ targetPort }) => typeof targetPort === 'string' && !names.has(targetPort))
      .map(({ targetPort }) => `${subject}: its pods have no port ${targetPort}`),
  ]
}

function deploymentProblems(deployment: IDeployment & Parameters<typeof nameOf>[0], pods: readonly PodTemplate[]): string[] {
  const subject = nameOf(deployment)
  const spreads = deployment.spec?.template?.spec?.topologySpreadConstraints ?? []
  return [
    ...selectorProblems(subject, deployment.spec?.selector, pods),
    ...spreads.flatMap(({ topologyKey, labelSelector }) => selectorProblems(`${subject}: spread by ${topologyKey}`, labelSelector, pods)),
  ]
}

function podReferenceProblems({ owner, labels, spec }: PodTemplate, configMaps: ReadonlySet<string>): string[] {
  const own = labels['app.kubernetes.io/name']
  const { volumes = [] } = spec
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const known = new Set(volumes.map(({ name }) => name))
  const foreign = secretsOf(spec).filter((name) => name !== own)
  const lost = volumes.flatMap(({ configMap }) =>
    configMap && !configMap.optional && !configMaps.has(configMap.name ?? '') ? [configMap.name] : [],
  )
  const mounts = containers.flatMap(({ volumeMounts = [] }) => volumeMounts).filter(({ name }) => !known.has(name))
  const unreadable = volumes.some(({ secret }) => secret) && spec.securityContext?.fsGroup === undefined
  return [
    ...foreign.map((name) => `takes a Secret that is not its own: ${name}`),
    ...lost.map((name) => `mounts a ConfigMap that is not in the overlay and not optional: ${name}`),
    ...mounts.map(({ name }) => `mounts a volume that it does not have: ${name}`),
    ...(unreadable ? ['mounts Secrets that its user can not read without an fsGroup'] : []),
  ].map((problem) => `${owner}: ${problem}`)
}

function secretsOf({ containers, initContainers = [], volumes = [] }: IPodSpec): (string | undefined)[] {
  return [
    ...[...initContainers, ...containers].flatMap(({ env = [] }) =>
      env.flatMap(({ valueFrom }) => (valueFrom?.secretKeyRef ? [valueFrom.secretKeyRef.name] : [])),
    ),
    ...volumes.flatMap(({ secret }) => (secret ? [secret.secretName] : [])),
  ]
}

function ingressProblems(
  ingress: IIngress & Parameters<typeof nameOf>[0],
  services: readonly (IService & Parameters<typeof nameOf>[0])[],
): string[] {
  const { rules = [], tls = [] } = ingress.spec ?? {}
  const encrypted = new Set(tls.flatMap(({ hosts = [] }) => hosts))
  const isThere = (name: string, port: { name?: string; number?: number } | undefined) =>
    services
      .find(({ metadata }) => metadata.name === name)
      ?.spec?.ports?.some((each) => (port?.name === undefined ? each.port === port?.number : each.name === port.name)) === true
  return [
    ...rules.filter(({ host }) => !encrypted.has(host ?? '')).map(({ host }) => `has no certificate for ${host ?? 'any host'}`),
    ...rules
      .flatMap(({ http }) => http?.paths ?? [])
      .filter(({ backend: { service } }) => !service || !isThere(service.name, service.port))
      .map(({ path }) => `leads ${path ?? '/'} to no port of a Service`),
  ].map((problem) => `${nameOf(ingress)}: ${problem}`)
}
