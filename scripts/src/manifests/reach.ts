import { BlockList, isIPv4 } from 'node:net'
import type { INetworkPolicy, INetworkPolicyPeer, INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1'
import type { KubernetesObject } from './render.ts'

type Labels = Readonly<Record<string, string>>
type Policy = INetworkPolicy & KubernetesObject

/** One end of a connection. */
export interface Endpoint {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Labels
  readonly ip: string
  /** Its ports' names. */
  readonly ports?: Readonly<Record<string, number>>
}

export interface Port {
  readonly port: number
  readonly protocol: 'TCP' | 'UDP'
}

/** Whether NetworkPolicies let an endpoint of theirs call another. */
export const letOut = (policies: readonly Policy[], from: Endpoint, to: Endpoint, port: Port): boolean =>
  lets(policies, 'Egress', from, to, to, port)

/** Whether NetworkPolicies let an endpoint of theirs be called by another. */
export const letIn = (policies: readonly Policy[], to: Endpoint, from: Endpoint, port: Port): boolean =>
  lets(policies, 'Ingress', to, from, to, port)

function lets(
  policies: readonly Policy[],
  type: 'Ingress' | 'Egress',
  own: Endpoint,
  peer: Endpoint,
  target: Endpoint,
  port: Port,
): boolean {
  const applied = policies.filter(
    ({ metadata, spec }) =>
      own.namespace === metadata.namespace &&
      (spec?.policyTypes ?? ['Ingress']).includes(type) &&
      selects(spec?.podSelector, own.labels ?? {}),
  )
  if (applied.length === 0) return true
  return applied.some(({ metadata, spec }) => {
    const rules =
      type === 'Egress'
        ? (spec?.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }))
        : (spec?.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
    return rules.some(
      ({ peers, ports }) =>
        (!peers?.length || peers.some((each) => isPeer(each, peer, metadata.namespace))) &&
        (!ports?.length || ports.some((each) => isPort(each, target, port))),
    )
  })
}

function isPeer({ ipBlock, namespaceSelector, podSelector }: INetworkPolicyPeer, peer: Endpoint, policyNamespace?: string): boolean {
  if (ipBlock) return isIn(ipBlock.cidr, peer.ip) && !(ipBlock.except ?? []).some((cidr) => isIn(cidr, peer.ip))
  if (peer.namespace === undefined) return false
  const inNamespace = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': peer.namespace })
    : peer.namespace === policyNamespace
  return inNamespace && selects(podSelector, peer.labels ?? {})
}

function isPort({ port, endPort, protocol = 'TCP' }: INetworkPolicyPort, target: Endpoint, wanted: Port): boolean {
  if (protocol !== wanted.protocol) return false
  if (port === undefined) return true
  const first = typeof port === 'string' ? target.ports?.[port] : port
  return first !== undefined && wanted.port >= first && wanted.port <= (endPort ?? first)
}

function isIn(cidr: string, ip: string): boolean {
  const [network = '', bits] = cidr.split('/')
  const family = isIPv4(network) ? 'ipv4' : 'ipv6'
  const block = new BlockList()
  block.addSubnet(network, Number(bits), family)
  return block.check(ip, isIPv4(ip) ? 'ipv4' : 'ipv6')
}

interface Selector {
  matchLabels?: Labels
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[]
}

/** Whether a label selector takes these labels; an empty one, or none, takes all. */
export function selects(selector: Selector | undefined, labels: Labels): boolean {
  const matches = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    matches &&
    (selector?.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key]
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value)
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
        default:
          throw new Error(`there is no operator ${operator}`)
      }
    })
  )
}
