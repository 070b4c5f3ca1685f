import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { type Endpoint, letIn, letOut, type Port } from './reach.ts'
import { ofKind, type Overlay } from './render.ts'

const tcp = (port: number): Port => ({ port, protocol: 'TCP' })
const ports = [{ port: 53, protocol: 'UDP' as const }, ...[53, 80, 443, 3306, 4222, 8080, 9090, 50_051].map(tcp)]
const podIp = '10.244.0.9'

/** Who is around the services: those they need, and those who must not get in or be reached. */
const others: readonly Endpoint[] = [
  { name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' }, ip: podIp },
  { name: 'another pod of kube-system', namespace: 'kube-system', labels: {}, ip: podIp },
  ...['mysql', 'nats', 'monitoring', 'ingress', 'default'].map((namespace) => ({ name: namespace, namespace, labels: {}, ip: podIp })),
  { name: 'the internet', ip: '203.0.113.7' },
  { name: 'the metadata service', ip: '169.254.169.254' },
  { name: 'a private address', ip: '192.168.7.7' },
]

/** Each half of a connection, its way out and its way in, that is open and not meant, or meant and not open. */
export function networkProblems({ objects }: Overlay): string[] {
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
  if (namespace !== undefined) own.push({ name: 'a pod of no service', namespace, labels: {}, ip: podIp })

  const meant = new Set([
    ...jobs.flatMap(({ metadata }) => needs(metadata.name)),
    ...servers.flatMap((server) => [...needs(server.metadata.name), ...serverConnections(server)]),
  ])
  const everyone = [...own, ...others]
  return own.flatMap((end) =>
    everyone
      .filter((other) => other !== end)
      .flatMap((other) =>
        ports.flatMap((port) => [
          ...verdict(letOut(policies, end, other, port), meant, connection(end.name, other.name, port), 'out'),
          ...verdict(letIn(policies, end, other, port), meant, connection(other.name, end.name, port), 'in'),
        ]),
      ),
  )
}

function verdict(open: boolean, meant: ReadonlySet<string>, each: string, way: 'out' | 'in'): string[] {
  if (open === meant.has(each)) return []
  return [open ? `the way ${way} is open and nothing needs it: ${each}` : `the way ${way} is closed and needed: ${each}`]
}

const connection = (from: string, to: string, { port, protocol }: Port): string => `${from} → ${to}:${port}/${protocol}`

const needs = (name: string): string[] => [
  connection(name, 'dns', { port: 53, protocol: 'UDP' }),
  connection(name, 'dns', tcp(53)),
  connection(name, 'mysql', tcp(3306)),
]

/** Whom a server calls is told by its settings `…_ADDRESS`; who reaches it, by its ports. */
function serverConnections({ metadata: { name }, spec }: IDeployment & { metadata: { name: string } }): string[] {
  const [container] = spec?.template?.spec?.containers ?? []
  const calls = (container?.env ?? []).flatMap((variable) => {
    const [host, port] = variable.name.endsWith('_ADDRESS') ? (variable.value ?? '').split(':') : []
    return host !== undefined && port !== undefined ? [connection(name, host, tcp(Number(port)))] : []
  })
  const internet = spec?.template?.metadata?.labels?.['frontdesk.internal/reaches'] === 'internet'
  return [
    connection(name, 'nats', tcp(4222)),
    connection('monitoring', name, tcp(9090)),
    ...calls,
    ...(container?.ports?.some((port) => port.name === 'http') ? [connection('ingress', name, tcp(8080))] : []),
    ...(internet ? [connection(name, 'the internet', tcp(443))] : []),
  ]
}
