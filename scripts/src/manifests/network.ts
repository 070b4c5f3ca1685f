import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import type { IConfigMap, IService } from 'kubernetes-models/v1'
import { type Endpoint, letIn, letOut, type Port, selects } from './reach.ts'
import { type KubernetesObject, ofKind, type Overlay } from './render.ts'

type Named<T> = T & KubernetesObject

const tcp = (port: number): Port => ({ port, protocol: 'TCP' })
const udp = (port: number): Port => ({ port, protocol: 'UDP' })
/** Those that are meant, and some that never are. */
const ports = [...[53, 8080].map(udp), ...[22, 53, 80, 443, 3306, 4222, 8080, 9090, 50_051].map(tcp)]
const podIp = '10.244.0.9'
/** Strangers may name their ports as ours do. */
const ourPorts = { rpc: 50_051, admin: 9090, http: 8080, jwks: 8080 }

/** Who is around the services: those they need, and those who must not get in or be reached. */
const others: readonly Endpoint[] = [
  { name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ip: podIp },
  { name: 'a pod that calls itself dns', namespace: 'default', labels: { 'k8s-app': 'kube-dns' }, ip: podIp },
  { name: 'another pod of kube-system', namespace: 'kube-system', labels: {}, ip: podIp },
  ...['mysql', 'nats', 'monitoring', 'ingress', 'default'].map((namespace) => ({
    name: namespace,
    namespace,
    labels: {},
    ip: podIp,
    ports: ourPorts,
  })),
  { name: 'the internet', ip: '203.0.113.7' },
  { name: 'the metadata service', ip: '169.254.169.254' },
  { name: 'a private address', ip: '192.168.7.7' },
]

/**
 * Each half of a connection, its way out and its way in, that is open and not meant, or meant and not open. The services that
 * call providers, and they alone, need the internet.
 */
export function networkProblems({ objects }: Overlay, callProviders: ReadonlySet<string>): string[] {
  const policies = ofKind<INetworkPolicy>(objects, 'NetworkPolicy')
  const servers = ofKind<IDeployment>(objects, 'Deployment')
  const jobs = ofKind<IJob>(objects, 'Job')
  const namespace = [...servers, ...jobs][0]?.metadata.namespace
  const own: Endpoint[] = [...servers, ...jobs].map(({ metadata, spec }) => ({
    name: metadata.name,
    ...(metadata.namespace !== undefined && { namespace: metadata.namespace }),
    labels: spec?.template?.metadata?.labels ?? {},
    ip: podIp,
    ports: Object.fromEntries(
      spec?.template?.spec?.containers[0]?.ports?.map(({ name, containerPort }) => [name ?? '', containerPort]) ?? [],
    ),
  }))
  // Whatever else may come to run beside them.
  if (namespace !== undefined) {
    const stranger = { namespace, ip: podIp, ports: ourPorts }
    own.push({ ...stranger, name: 'a pod of no service', labels: {} })
    own.push({ ...stranger, name: 'a server of others', labels: { 'app.kubernetes.io/component': 'server' } })
  }

  const called = servers.flatMap((server) => callsOf(server, objects))
  const meant = new Set([
    ...jobs.flatMap(({ metadata }) => needs(metadata.name)),
    ...servers.flatMap((server) => [...needs(server.metadata.name), ...serverConnections(server)]),
    ...[...callProviders].map((name) => connection(name, 'the internet', tcp(443))),
    ...called.flatMap(({ connection: each }) => (each === undefined ? [] : [each])),
  ])
  const everyone = [...own, ...others]
  const lost = called.filter((each) => each.connection === undefined)
  const astray = lost.map(({ caller, setting, value }) => `Deployment/${caller}: ${setting} names no port of a Service: ${value}`)
  const ways = own.flatMap((end) =>
    everyone
      .filter((other) => other !== end)
      .flatMap((other) =>
        ports.flatMap((port) => [
          ...verdict(letOut(policies, end, other, port), meant, connection(end.name, other.name, port), 'out'),
          ...verdict(letIn(policies, end, other, port), meant, connection(other.name, end.name, port), 'in'),
        ]),
      ),
  )
  return [...astray, ...ways]
}

function verdict(open: boolean, meant: ReadonlySet<string>, each: string, way: 'out' | 'in'): string[] {
  if (open === meant.has(each)) return []
  return [open ? `the way ${way} is open and nothing needs it: ${each}` : `the way ${way} is closed and needed: ${each}`]
}

const connection = (from: string, to: string, { port, protocol }: Port): string => `${from} → ${to}:${port}/${protocol}`

const needs = (name: string): string[] => [
  connection(name, 'dns', udp(53)),
  connection(name, 'dns', tcp(53)),
  connection(name, 'mysql', tcp(3306)),
]

interface Call {
  readonly caller: string
  readonly setting: string
  readonly value: string
  /** Undefined where nobody is. */
  readonly connection: string | undefined
}

/** Whom a server calls is told by its settings `…_ADDRESS` (`host:port`) and `JWKS_URL`, which name Services. */
function callsOf({ metadata: { name: caller }, spec }: Named<IDeployment>, objects: Overlay['objects']): Call[] {
  const [container] = spec?.template?.spec?.containers ?? []
  const common = (container?.envFrom ?? []).flatMap(({ configMapRef }) =>
    ofKind<IConfigMap>(objects, 'ConfigMap').flatMap(({ metadata, data }) =>
      metadata.name === configMapRef?.name ? Object.entries(data ?? {}) : [],
    ),
  )
  const own = (container?.env ?? []).map(({ name, value = '' }) => [name, value] as const)
  return [...common, ...own].flatMap(([setting, value]) => {
    if (setting !== 'JWKS_URL' && !setting.endsWith('_ADDRESS')) return []
    const [host = '', port] = setting === 'JWKS_URL' ? new URL(value).host.split(':') : value.split(':')
    const callee = behind(objects, host, Number(port ?? 80))
    // Its replicas among themselves are no connection between services.
    if (callee?.name === caller) return []
    return [{ caller, setting, value, connection: callee && connection(caller, callee.name, tcp(callee.port)) }]
  })
}

/** The server, and its port, that a port of a Service leads to. */
function behind(objects: Overlay['objects'], host: string, port: number): { name: string; port: number } | undefined {
  const service = ofKind<IService>(objects, 'Service').find(({ metadata }) => metadata.name === host)
  const target = service?.spec?.ports?.find((each) => each.port === port)?.targetPort
  const server = ofKind<IDeployment>(objects, 'Deployment').find(
    ({ spec }) => service?.spec?.selector && selects({ matchLabels: service.spec.selector }, spec?.template?.metadata?.labels ?? {}),
  )
  const open = server?.spec?.template?.spec?.containers[0]?.ports?.find(({ name }) => name === target)
  return server && open && { name: server.metadata.name, port: open.containerPort }
}

/** Who reaches a server is told by its ports; all of them go to the broker. */
function serverConnections({ metadata: { name }, spec }: Named<IDeployment>): string[] {
  const [container] = spec?.template?.spec?.containers ?? []
  return [
    connection(name, 'nats', tcp(4222)),
    connection('monitoring', name, tcp(9090)),
    ...(container?.ports?.some((port) => port.name === 'http') ? [connection('ingress', name, tcp(8080))] : []),
  ]
}
