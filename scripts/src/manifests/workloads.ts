import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IContainer, IService, IServiceAccount } from 'kubernetes-models/v1'
import { podTemplates } from './pod-templates.ts'
import { selects } from './reach.ts'
import { type KubernetesObject, ofKind, type Overlay } from './render.ts'

/** What packages/service gives a drain, and how long its process may linger after that. */
const drainSeconds = 25 + 1
/** What packages/service gives the checks of /readyz. */
const readyzSeconds = 2
const rpcPort = 50_051
const adminPort = 9090

interface Workload {
  readonly overlay: string
  readonly service: string
  readonly objects: readonly KubernetesObject[]
}

/** What a service's objects lack in an overlay. */
export function workloadProblems({ name: overlay, objects }: Overlay, service: string): string[] {
  const workload = { overlay, service, objects }
  return [...serverProblems(workload), ...migrationsProblems(workload), ...accountProblems(workload)]
}

const named = <T>({ objects }: Workload, kind: string, name: string): (T & KubernetesObject) | undefined =>
  ofKind<T>(objects, kind).find(({ metadata }) => metadata.name === name)

/** The names of those conditions that don't hold. */
const unmet = (subject: string, conditions: Record<string, boolean | undefined>): string[] =>
  Object.entries(conditions).flatMap(([condition, holds]) => (holds ? [] : [`${subject}: ${condition}`]))

function serverProblems(workload: Workload): string[] {
  const { overlay, service, objects } = workload
  const deployment = named<IDeployment>(workload, 'Deployment', service)
  const pod = deployment?.spec?.template?.spec
  const [server] = pod?.containers ?? []
  if (!deployment || !pod || !server) return [`Deployment/${service} is missing`]
  const labels = deployment.spec?.template?.metadata?.labels ?? {}
  const budget = named<IPodDisruptionBudget>(workload, 'PodDisruptionBudget', service)
  const rpc = named<IService>(workload, 'Service', service)
  const { startupProbe, livenessProbe, readinessProbe, lifecycle } = server
  const preStopSeconds = lifecycle?.preStop?.sleep?.seconds ?? 0
  const spreads = (topologyKey: string) =>
    pod.topologySpreadConstraints?.some(
      // By revision, so that a rollout is not held up by the pods that it replaces.
      (each) => each.topologyKey === topologyKey && each.maxSkew === 1 && each.matchLabelKeys?.includes('pod-template-hash'),
    )
  const services = ofKind<IService>(objects, 'Service').filter(
    ({ spec }) => spec?.selector && selects({ matchLabels: spec.selector }, labels),
  )
  const portNames = new Set(server.ports?.map(({ name }) => name))
  const portOf = (name: string) => server.ports?.find((port) => port.name === name)?.containerPort

  return unmet(`Deployment/${service}`, {
    'has one container': pod.containers.length === 1,
    'is startup-probed over gRPC': startupProbe?.grpc?.port === rpcPort,
    'is liveness-probed over gRPC': livenessProbe?.grpc?.port === rpcPort,
    'is readiness-probed by /readyz of its admin port':
      readinessProbe?.httpGet?.path === '/readyz' && readinessProbe.httpGet.port === 'admin',
    'waits for /readyz as long as that may take': (readinessProbe?.timeoutSeconds ?? 1) > readyzSeconds,
    'names the ports rpc and admin, where the service listens': portOf('rpc') === rpcPort && portOf('admin') === adminPort,
    'waits in preStop until its endpoint is gone': preStopSeconds >= 5,
    'may stop for as long as preStop and the drain take': (pod.terminationGracePeriodSeconds ?? 30) >= preStopSeconds + drainSeconds,
    'is spread over nodes': spreads('kubernetes.io/hostname'),
    'is spread over zones': spreads('topology.kubernetes.io/zone'),
    'replaces no pod before the next one is ready': deployment.spec?.strategy?.rollingUpdate?.maxUnavailable === 0,
    'has two replicas in prod': overlay !== 'prod' || (deployment.spec?.replicas ?? 1) >= 2,
    'runs as its ServiceAccount': pod.serviceAccountName === service,
    'has a headless Service for gRPC':
      rpc?.spec?.clusterIP === 'None' && rpc.spec.ports?.some(({ port, targetPort }) => port === rpcPort && targetPort === 'rpc'),
    'is selected by its Services alone': services.length > 0 && services.every(({ metadata }) => metadata.name.startsWith(service)),
    'has its admin port in no Service': services.every(({ spec }) =>
      spec?.ports?.every(({ targetPort }) => targetPort !== 'admin' && targetPort !== adminPort),
    ),
    'has a Service for its HTTP port, if it has one':
      !portNames.has('http') || services.some(({ spec }) => spec?.ports?.some(({ targetPort }) => targetPort === 'http')),
    'has a PodDisruptionBudget':
      budget?.spec?.maxUnavailable === 1 && budget.spec.selector !== undefined && selects(budget.spec.selector, labels),
  })
}

function migrationsProblems(workload: Workload): string[] {
  const { service } = workload
  const job = named<IJob>(workload, 'Job', `${service}-migrations`)
  const [container] = job?.spec?.template?.spec?.containers ?? []
  const [server] = named<IDeployment>(workload, 'Deployment', service)?.spec?.template?.spec?.containers ?? []
  if (!job || !container) return [`Job/${service}-migrations is missing`]
  return unmet(`Job/${service}-migrations`, {
    'runs `main migrate`': container.args?.join(' ') === 'migrate' && container.command === undefined,
    'runs the image of the server': container.image === server?.image,
    'runs as the ServiceAccount of its server': job.spec?.template?.spec?.serviceAccountName === service,
    'is tried again in another pod, and not where trying again can’t help':
      job.spec?.template?.spec?.restartPolicy === 'Never' && failsAtOnce(job, container.name),
    'gives up at some point': job.spec?.activeDeadlineSeconds !== undefined && job.spec.backoffLimit !== undefined,
    'connects as a user of its own':
      container.env?.find(({ name }) => name === 'MYSQL_URL')?.valueFrom?.secretKeyRef?.key === 'MIGRATIONS_MYSQL_URL',
  })
}

/** Exit codes 64 and 78 say that the command or the settings are wrong. */
function failsAtOnce(job: IJob, container: string): boolean {
  const rule = job.spec?.podFailurePolicy?.rules.find(({ action, onExitCodes }) => action === 'FailJob' && onExitCodes?.operator === 'In')
  return rule?.onExitCodes?.containerName === container && [64, 78].every((code) => rule.onExitCodes?.values.includes(code))
}

function accountProblems(workload: Workload): string[] {
  const account = named<IServiceAccount>(workload, 'ServiceAccount', workload.service)
  return unmet(`ServiceAccount/${workload.service}`, { 'mounts no token': account?.automountServiceAccountToken === false })
}

/** What every pod of an overlay must fulfil, whosever it is: Pod Security "restricted", and more. */
export function podProblems({ name: overlay, objects }: Overlay): string[] {
  return podTemplates(objects).flatMap(({ owner: subject, spec: pod }) => {
    const volumes = new Set(pod.volumes?.flatMap((volume) => Object.keys(volume).filter((key) => key !== 'name')))
    const containers = [...(pod.initContainers ?? []), ...pod.containers]
    return [
      ...unmet(subject, {
        'runs as no root': pod.securityContext?.runAsNonRoot === true && pod.securityContext.runAsUser !== 0,
        'has the seccomp profile RuntimeDefault': pod.securityContext?.seccompProfile?.type === 'RuntimeDefault',
        'shares nothing with its node': !pod.hostNetwork && !pod.hostPID && !pod.hostIPC && !pod.securityContext?.sysctls?.length,
        'has no volume of its node': [...volumes].every((kind) => allowedVolumes.has(kind)),
        'mounts no token': pod.automountServiceAccountToken === false,
        'takes no settings from Service links': pod.enableServiceLinks === false,
      }),
      ...containers.flatMap((container) => containerProblems(`${subject}: ${container.name}`, container, overlay)),
    ]
  })
}

const allowedVolumes = new Set(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'])

function containerProblems(subject: string, container: IContainer, overlay: string): string[] {
  const { securityContext: own, resources, lifecycle } = container
  const handlers = [container.startupProbe, container.livenessProbe, container.readinessProbe, lifecycle?.preStop, lifecycle?.postStart]
  const [, registry, version] = /^([^/]+\.[^/]+\/)?[^:@]+(@sha256:[0-9a-f]{64}|:[\w.-]+)?$/.exec(container.image ?? '') ?? []
  return unmet(subject, {
    'is not privileged': own?.privileged !== true,
    'may not gain privileges': own?.allowPrivilegeEscalation === false,
    'drops all capabilities and adds none': own?.capabilities?.drop?.includes('ALL') && !own.capabilities.add?.length,
    'has a read-only root': own?.readOnlyRootFilesystem === true,
    'is no root of its own': own?.runAsNonRoot !== false && own?.runAsUser !== 0,
    'keeps the seccomp profile': own?.seccompProfile === undefined || own.seccompProfile.type === 'RuntimeDefault',
    'keeps the default /proc and hosts': (own?.procMount ?? 'Default') === 'Default' && own?.windowsOptions === undefined,
    'takes no port of its node': container.ports?.every(({ hostPort, hostIP }) => hostPort === undefined && hostIP === undefined) ?? true,
    'probes no host but itself': handlers.every((each) => (each?.httpGet?.host ?? each?.tcpSocket?.host) === undefined),
    'requests CPU and memory': resources?.requests?.['cpu'] !== undefined && resources.requests['memory'] !== undefined,
    'is limited in CPU and memory': resources?.limits?.['cpu'] !== undefined && resources.limits['memory'] !== undefined,
    'has an image of a version': version !== undefined && version !== ':latest',
    'has an image of a registry in prod': overlay !== 'prod' || registry !== undefined,
  })
}
